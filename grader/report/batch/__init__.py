"""The files beside the pages of a batch: tables, overview, histogram, groups of mistakes."""
