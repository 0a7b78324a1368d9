"""The texts that are put into every free-text field of every kind: data, by class, each with a name.

Each fits into the narrowest indexed column (255 characters), so that a text is judged by what it holds and not by
its length. `{table}` stands for the kind's main table: what looks like SQL would do harm if it were taken for it.
"""

from __future__ import annotations

from collections.abc import Mapping

LONGEST = 255
"""How many characters the narrowest indexed column holds."""

SQL_AND_ESCAPES: Mapping[str, str] = {
    "quote-single": "it's o'clock",
    "quote-single-alone": "'",
    "quote-double": 'the "so-called" value',
    "quotes-mixed": "'\"`'\"`",
    "quotes-doubled": "''two'' \"\"two\"\" ``two``",
    "backtick": "`{table}`",
    "backslash-alone": "\\",
    "backslash-at-end": "ends with one \\",
    "backslash-quote": "\\' and \\\" and \\\\'",
    "backslash-letters": "\\n \\t \\r \\b \\0 \\Z \\x41 \\u0041",
    "backslash-wildcards": "\\% \\_ % _",
    "percent-formats": "%s %d %i %(name)s %1$s %% %!s(MISSING) %[1]v",
    "place-holders": "? ?? :name $1 @var #{x} ${x} {{x}} {0}",
    "drop-table": "x'); DROP TABLE `{table}`; -- ",
    "delete-all": "x\"); DELETE FROM {table} WHERE 1=1 #",
    "update-all": "x', update_time=NULL, name='hit' WHERE 'a'='a",
    "always-true": "' OR ''='' OR 1=1 /*",
    "comment-marks": "/* open -- dash # hash */ /*!50000 SELECT 1 */",
    "union": "' UNION ALL SELECT uid, name FROM {table} LIMIT 1 -- ",
    "functions": "CONCAT(CHAR(39), 0x27, USER(), SLEEP(0))",
    "keywords": "NULL DEFAULT VALUES(name) ON DUPLICATE KEY UPDATE json='{}'",
    "json-in-text": '{"a": [1, null, "b\\"c"], "json": {"$.x": "y"}}',
    "json-escapes-in-text": "\\u0000 \\ud83d\\ude00 \\/ \\u2028",
    "markup": "<b title='a&amp;b'>\"&lt;\"</b><!-- -->",
}

CONTROL_CHARACTERS: Mapping[str, str] = {
    "nul-alone": "\x00",
    "nul-within": "before\x00after",
    "nul-at-end": "before\x00",
    "nul-doubled": "\x00\x00a\x00\x00",
    "c0-all": "".join(map(chr, range(1, 0x20))),
    "c1-all": "".join(map(chr, range(0x80, 0xA0))),
    "delete": "a\x7fb",
    "tab": "\ta\t\tb\t",
    "newline": "\na\n\nb\n",
    "carriage-return": "a\rb\r",
    "windows-newline": "a\r\nb\r\n",
    "backspace": "abc\x08\x08x",
    "escape-sequence": "\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "substitute": "a\x1ab",   # ends a file on Windows; MySQL's dumps escape it
    "separators": "\x1c\x1d\x1e\x1f",
    "space-before": "   a",
    "space-after": "a   ",
    "space-only": "   ",
}

UNICODE: Mapping[str, str] = {
    "latin": "Gr\u00fc\u00dfe, \u00c5ngstr\u00f6m, na\u00efve \u00ff",
    "cyrillic-greek": "\u0416\u0443\u043a \u03a9\u03c2\u03c3",
    "cjk": "\u6f22\u5b57 \u304b\u306a \ud55c\uae00",
    "emoji": "\U0001f600 \U0001f680\U0001f9ea",
    "emoji-joined": "\U0001f469\u200d\U0001f52c \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "emoji-toned": "\U0001f44d\U0001f3fe \u2764\ufe0f 1\ufe0f\u20e3",
    "emoji-flag": "\U0001f1e9\U0001f1ea\U0001f1f3\U0001f1ff",
    "supplementary": "\U00020bb7 \U0001d518 \U00010348 \U000e0041",
    "private-use": "\ue000\uf8ff\U000f0000\U0010fffd",
    "non-characters": "\ufdd0\ufffe\uffff\U0001ffff\U0010ffff",
    "byte-order-mark": "\ufeffa\ufeff",
    "replacement-character": "a\ufffdb",
    "right-to-left": "\u05e9\u05dc\u05d5\u05dd abc \u0645\u0631\u062d\u0628\u0627 123",
    "bidi-marks": "\u202eabc\u202c \u2066def\u2069 \u200f\u061c",
    "combining": "e\u0301 n\u0303 o\u0308\u0304 \u0915\u094d\u0937\u093f",
    "combining-many": "a" + "\u0300\u0316\u0488" * 20,
    "composed": "\u00e9 \u00f1 \uac00 \u212b",
    "decomposed": "e\u0301 n\u0303 \u1100\u1161 A\u030a",
    "case-pairs": "\u0130\u0131Ii \u00df\u1e9e \u01c5 \u03c3\u03c2 \ufb01",
    "compatible-forms": "\uff21\uff11 \u2460 \u00b2 \u2122 \ufb03",
    "zero-width": "a\u200bb\u200cc\u200dd\u2060e\u00adf",
    "spaces": "\u00a0\u1680\u2003\u202f\u205f\u3000x\u00a0",
    "line-separators": "a\u2028b\u2029c\u0085d",
    "look-alikes": "a\u0430 e\u0435 o\u043e \u2010-\u2212",
    "lone-surrogate-high": "a\ud83db",   # no text at all; what becomes of it is the API server's to say
    "lone-surrogate-low": "a\ude00b",
}

NAUGHTY: Mapping[str, str] = {
    "empty": "",
    "word-null": "null",
    "word-sql-null": "NULL",
    "word-true": "true",
    "word-none": "None",
    "word-undefined": "undefined",
    "word-nan": "NaN",
    "word-infinity": "-Infinity",
    "number-like": "007",
    "number-hex": "0x1F",
    "number-exponent": "1e1000",
    "number-long": "9" * 120,
    "number-separators": "1,234.50 1.234,50 1_000",
    "date-zero": "0000-00-00 00:00:00",
    "date-like": "2038-01-19T03:14:08Z",
    "path-parents": "../../../../var/lib/x",
    "path-windows": "C:\\temp\\new\\table.txt",
    "path-device": "/dev/null AUX LPT1",
    "uri-script": "javascript:void('x')",
    "script-element": "<script>window.x='y'</script>",
    "entity": "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///c'>]><a>&b;</a>",
    "shell-substitution": "$(id) `id` ${PATH} ; true | cat && false",
    "shell-function": "() { ignored; }; echo y",
    "lookup": "${env:HOME:-${lower:x}}",
    "template-expression": "{{ 6*7 }} {% raw %} <%= 6*7 %> #{6*7}",
    "formula": "=SUM(A1:A9) +1 @x -2",
    "header-injection": "a\r\nX-Added: yes\r\n\r\nbody",
    "encoded": "%27%20OR%201%3D1 &#39; =?utf-8?q?a?= +AGE-",
    "mojibake": "\u00c3\u00a9 \u00e2\u201a\u00ac \u00ef\u00bf\u00bd",
    "upside-down": "\u0287x\u01dd\u0287 \u0279\u01ddp\u0131s",
    "regular-expression": "^(a+)+$ [[:alpha:]]{2,} \\d*?",
    "yaml-like": "- a: !!python/none\n  b: *c\n---\n# d",
    "word-innocent": "Lightwater Country Park, Essex",
    "word-reserved": "select group order table index",
}

CLASSES: Mapping[str, Mapping[str, str]] = {
    "7.1": SQL_AND_ESCAPES,
    "7.2": CONTROL_CHARACTERS,
    "7.3": UNICODE,
    "7.4": NAUGHTY,
}
"""The texts by the section of the report that they are judged in."""


def list_texts(section: str, table: str) -> dict[str, str]:
    """Return the section's texts by name, for the kind of that main table."""
    return {name: text.replace("{table}", table) for name, text in CLASSES[section].items()}
