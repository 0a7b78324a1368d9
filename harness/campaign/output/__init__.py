"""What a campaign's record says, on a page, in Markdown and on a console."""
