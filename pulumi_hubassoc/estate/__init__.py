"""A portal as a document: labels and limits written down in a file, apart from any program. Knows no Pulumi."""
