"""Reconciliation (对账): a bank's day as a file, and what bank, guarantor and fund say of it."""
