"""What real browsers and programs call themselves, and how a user would name them: with
``ua-parser``, and (where that differs) without."""

_MOZ = "Mozilla/5.0"
_KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_IOS = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_WIN = f"{_MOZ} (Windows NT 10.0; Win64; x64)"
_MAC = f"{_MOZ} (Macintosh; Intel Mac OS X 10_15_7)"
_PHONE = f"{_MOZ} (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) {_IOS}"
_ANDROID = f"{_MOZ} (Linux; Android 10; K) {_KIT}"
_CHROME = "Chrome/126.0.0.0"

AGENTS: dict[str, tuple[str, ...]] = {
    f"{_MOZ} (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0": (
        "Firefox on Windows",
    ),
    f"{_MOZ} (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0": ("Firefox on Linux",),
    f"{_MOZ} (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0": (
        "Firefox on Ubuntu",
        "Firefox on Linux",
    ),
    f"{_MOZ} (Macintosh; Intel Mac OS X 14.5; rv:127.0) Gecko/20100101 Firefox/127.0": (
        "Firefox on macOS",
    ),
    f"{_MOZ} (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0": ("Firefox on Android",),
    f"{_PHONE} FxiOS/127.0 Mobile/15E148 Safari/605.1.15": ("Firefox on iPhone",),
    f"{_WIN} {_KIT} {_CHROME} Safari/537.36": ("Chrome on Windows",),
    f"{_MAC} {_KIT} {_CHROME} Safari/537.36": ("Chrome on macOS",),
    f"{_MOZ} (X11; Linux x86_64) {_KIT} {_CHROME} Safari/537.36": ("Chrome on Linux",),
    f"{_MOZ} (X11; CrOS x86_64 14541.0.0) {_KIT} {_CHROME} Safari/537.36": ("Chrome on ChromeOS",),
    f"{_ANDROID} {_CHROME} Mobile Safari/537.36": ("Chrome on Android",),
    f"{_PHONE} CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1": ("Chrome on iPhone",),
    f"{_MAC} {_IOS} Version/17.5 Safari/605.1.15": ("Safari on macOS",),
    f"{_PHONE} Version/17.5 Mobile/15E148 Safari/604.1": ("Safari on iPhone",),
    f"{_MOZ} (iPad; CPU OS 16_7 like Mac OS X) {_IOS} Version/16.6 Mobile/15E148 Safari/604.1": (
        "Safari on iPad",
    ),
    f"{_WIN} {_KIT} {_CHROME} Safari/537.36 Edg/126.0.2592.68": ("Edge on Windows",),
    f"{_ANDROID} {_CHROME} Mobile Safari/537.36 EdgA/125.0.2535.87": ("Edge on Android",),
    f"{_PHONE} Version/17.0 EdgiOS/125.2535.96 Mobile/15E148 Safari/605.1.15": ("Edge on iPhone",),
    f"{_WIN} {_KIT} {_CHROME} Safari/537.36 OPR/111.0.0.0": ("Opera on Windows",),
    f"{_ANDROID} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36": (
        "Samsung Internet on Android",
    ),
    f"{_MOZ} (Linux; Android 14; Pixel 8 Build/UQ1A.24; wv) {_KIT} Version/4.0 {_CHROME} "
    "Mobile Safari/537.36": ("Chrome on Android",),
    f"{_MOZ} (X11; Linux x86_64) {_KIT} HeadlessChrome/126.0.0.0 Safari/537.36": (
        "HeadlessChrome on Linux",
        "Chrome on Linux",
    ),
    f"{_MOZ} (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko": (
        "IE on Windows",
        "Internet Explorer on Windows",
    ),
    "curl/8.5.0": ("curl",),
    "Wget/1.21.4": ("Wget",),
    "python-requests/2.32.3": ("Python Requests", "python-requests"),
    "okhttp/4.12.0": ("okhttp",),
    "MyApp/3.1 CFNetwork/1494.0.7 Darwin/23.4.0": ("MyApp on iOS", "MyApp"),
    f"{_MOZ} (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": ("Googlebot", ""),
    f"{_WIN}": ("Windows",),
    "": ("",),
    "\u2603 \u0416/": ("",),
    "Mozilla/5.0": ("",),
}
