"""The currencies in force, as ISO 4217 lists them: their codes and the digits of their minor units."""

from __future__ import annotations

# Babel's own list also holds withdrawn currencies and codes that ISO never assigned. Of the codes in force
# only XXX is left out, which means "no currency".
_LISTED = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD
    CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL
    GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW
    KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD
    NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP
    SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS
    VED VES VND VUV WST XAD XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA YER ZAR
    ZMW ZWG
"""
CURRENCIES = tuple(_LISTED.split())
"""The codes, sorted."""

_CODES = frozenset(CURRENCIES)

_MOST = 2

# All others have two digits, also metals, funds and test codes, for which ISO names no minor unit.
_OTHERS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DIGITS = {code: digits for digits, codes in _OTHERS.items() for code in codes.split()}


def is_currency(code: str) -> bool:
    """Whether it is the ISO 4217 code of a currency in force, in capitals."""
    return code in _CODES


def minor_digits(code: str) -> int:
    """The decimal digits of an amount: those of the currency's minor unit, two for an unknown code."""
    return _DIGITS.get(code, _MOST)
