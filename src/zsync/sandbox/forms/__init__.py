"""The stand-in Zoho Creator: one application with its forms, reports and rows, behind the data API v2.1."""

from __future__ import annotations

from zsync.sandbox.forms.application import Application, Field, Form, Report
from zsync.sandbox.forms.service import Creator

__all__ = ["Application", "Creator", "Field", "Form", "Report"]
