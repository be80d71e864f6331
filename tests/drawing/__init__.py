"""Tests of drawing contact lists."""
