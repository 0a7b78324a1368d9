"""The bundled reference ingester, part by part."""
