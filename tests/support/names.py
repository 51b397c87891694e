# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that users, scripts and other programs know, each defined once."""

# GSettings: schemas and their keys.
PANEL_SCHEMA = "net.launchpad.PrivacyPanel"
UNITY_SCHEMA = "com.canonical.Unity.Lenses"
UNITY_KEY = "remote-content-search"
PRIVACY_SCHEMA = "org.gnome.desktop.privacy"
REPORTS_KEY = "report-technical-problems"
PROVIDERS_SCHEMA = "org.gnome.desktop.search-providers"

# privacyctl's exit statuses, as in man/privacyctl.1.
DONE, NO, BAD, LOCKED, NOT_SAVED = range(5)

# The choices, in display order.
CHOICES = (
    "online-search",
    "search-suggestions",
    "error-reports",
    "usage-statistics",
    "activity-history",
)

# The panel's switches.
SEARCH = "Include online search results"
SUGGESTIONS = "Suggest searches in web browsers"
REPORTS = "Send error reports"
STATISTICS = "Send occasional system information"
ACTIVITY = "Record files and applications used"

# A screen that fits the panel's first page.
SCREEN = "800x1000x24"
