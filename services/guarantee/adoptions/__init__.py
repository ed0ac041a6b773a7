"""Adoptions (改用新版规则包): a programme goes on under another version of its rule pack."""
