"""The registers that live in workbooks: their columns, reading them, deciding each row's fate."""
