"""The version of this program, in the one place where it is written. Packages, documents and logs have it here."""

VERSION = "0.2.0"
