//! This package holds tests only: `architecture` (who may depend on whom), `end_to_end` (the real program) and
//! `docs` (what the pages say is so).
