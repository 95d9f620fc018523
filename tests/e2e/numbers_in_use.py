"""The numbers that the end-to-end tests call, and what the table says of them."""

DOMAIN = "example.net"
RANGE = "+44207946"  # declared complete for numbers of 12 digits
LIVE = "+442079460000"
UNKNOWN = "+442079460999"
GONE = "+442079460100"
