//! Composes each module's settings, parsed once.
