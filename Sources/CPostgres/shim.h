// libpq as Swift sees it. The header's character macros (PG_DIAG_*) are not imported; Postgres/Diagnostics.swift has them.
#pragma once
#include <libpq-fe.h>
