"""The stand-in hotel: a QloApps shop behind its webservice, the people at its desk, and two sets of data.

Hotel                the webservice; `Hotel(demo.group()).handle(request)`
Hotel.desk           what people at the desk do: book, invoice, pay, cancel, ...
demo.group()         our own small hotel group
recorded.load(path)  recordings of a real shop, as data
"""

from __future__ import annotations

from zsync.sandbox.hotel.bookwork import Stay
from zsync.sandbox.hotel.desk import Desk
from zsync.sandbox.hotel.faults import Fault
from zsync.sandbox.hotel.service import DEMO_KEY, Hotel

__all__ = ["DEMO_KEY", "Desk", "Fault", "Hotel", "Stay"]
