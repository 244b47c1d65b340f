"""Exports of other systems, described by a mapping file: columns to facts."""
