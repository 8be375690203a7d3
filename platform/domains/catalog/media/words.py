"""What codes about pictures mean, in the words of people."""

from __future__ import annotations

from stoa.kit.languages import Locale
from stoa.kit.pictures.limits import MAX_PIXELS, ODD_SHAPE, TOO_SMALL

_MILLIONS = MAX_PIXELS // 1_000_000
WORDS: dict[str, dict[Locale, str]] = {
    # warnings: the picture is shown all the same
    "TOO_SMALL": {
        "en": f"The picture is small: buyers who zoom in want at least {TOO_SMALL} pixels on the long side.",
        "zh": f"图片尺寸偏小：长边至少需要 {TOO_SMALL} 像素，买家放大时才清晰。",
    },
    "BLURRED": {"en": "The picture looks blurred.", "zh": "图片看起来模糊。"},
    "ODD_SHAPE": {
        "en": f"The picture is more than {ODD_SHAPE} times as long as it is wide; lists will cut much of it off.",
        "zh": f"图片长宽比超过 {ODD_SHAPE}:1，在列表中会被大幅裁剪。",
    },
    "LOW_CONTRAST": {
        "en": "The picture has hardly any contrast: what it shows is hard to make out.",
        "zh": "图片对比度过低，内容难以辨认。",
    },
    "NO_ALT": {
        "en": "The picture has no alt text: people who cannot see it, and search engines, do not know what it shows.",
        "zh": "图片缺少替代文字：视障用户和搜索引擎无法得知图片内容。",
    },
    # failures: there is nothing to show
    "NOT_A_PICTURE": {
        "en": "The file is no JPEG, PNG, GIF, WebP or AVIF picture.",
        "zh": "该文件不是 JPEG、PNG、GIF、WebP 或 AVIF 图片。",
    },
    "BROKEN": {
        "en": "The file is damaged: the picture in it cannot be read to its end. Upload it again.",
        "zh": "文件已损坏，无法完整读取图片，请重新上传。",
    },
    "HAS_MORE_BEHIND": {
        "en": "There is other data behind the end of the picture. Save it anew in a picture editor and upload that.",
        "zh": "图片末尾附带了其他数据，请用图片编辑软件重新保存后再上传。",
    },
    "TOO_MANY_PIXELS": {
        "en": f"The picture has more than {_MILLIONS} million pixels. Make it smaller and upload it again.",
        "zh": f"图片超过 {_MILLIONS * 100} 万像素，请缩小后重新上传。",
    },
    "TOO_COSTLY": {
        "en": "The picture takes too long, or too much memory, to read. Save it anew and upload that.",
        "zh": "读取该图片耗时过长或占用内存过多，请重新保存后再上传。",
    },
    "FILE_GONE": {"en": "The file is not there any more. Upload it again.", "zh": "文件已不存在，请重新上传。"},
    "NOT_PROCESSED": {
        "en": "The picture could not be processed. Upload it again; if that does not help, tell us.",
        "zh": "图片处理失败，请重新上传；若仍失败，请联系我们。",
    },
}


def words_for(code: str, locale: Locale) -> str:
    """The sentence for a code; the code itself when a newer release has written one that this one does not know."""
    return WORDS.get(code, {}).get(locale, code)
