"""Videos that show the same: uploads of one file, versions of one source, cuts of one film."""
