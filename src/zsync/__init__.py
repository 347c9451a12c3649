"""zsync keeps Zoho Books in step with a hotel's QloApps: each record once, to the cent."""

__version__ = "0.1.0"
