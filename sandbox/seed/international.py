"""Pages in other scripts, a meeting, and a private corner."""

# Prose is kept on its own line.
# ruff: noqa: E501

from sandbox.seed.calendar import Calendar
from sandbox.world.world import WorkspaceHandle


def write_international(ws: WorkspaceHandle, calendar: Calendar) -> None:
    """Write pages in other languages and scripts."""
    calendar.days_ago(18, 3)
    ws.page(
        "東京カフェ 開店マニュアル",
        """
        # 開店前
        1. エスプレッソマシンの電源を入れる(予熱に**25分**)
        2. 豆の残量を確認する
        3. レジを開ける

        # お客様への案内
        「本日のコーヒー」は毎朝**九時**に変わります。アレルギーについて聞かれたら、[[Customer questions]] を見てください。

        > 一杯ずつ、丁寧に。
        """,
        icon="🗼",
    )
    calendar.days_ago(16, 8)
    ws.page(
        "دليل خدمة العملاء",
        """
        # الرد على الأسئلة
        نرد على كل رسالة خلال **يوم عمل واحد**.

        - التوصيل إلى دبي يستغرق من ثلاثة إلى خمسة أيام
        - يمكن إيقاف الاشتراك مؤقتا حتى ثلاثة أشهر

        للتواصل: @Layla
        """,
        icon="🌙",
    )
    calendar.days_ago(5, 14)
    ws.page("Weekly review", icon="🗓️").set_blocks(
        [
            {
                "type": "meeting_notes",
                "meeting_notes": {
                    "title": ["Weekly review, week 46"],
                    "status": "notes_ready",
                    "summary": [
                        {
                            "type": "paragraph",
                            "paragraph": {
                                "rich_text": ["Gift subscriptions ship on the last day of November."]
                            },
                        },
                        {
                            "type": "to_do",
                            "to_do": {"rich_text": ["Priya writes the announcement"], "checked": False},
                        },
                    ],
                    "notes": [
                        {
                            "type": "paragraph",
                            "paragraph": {
                                "rich_text": ["The label printer failed twice; a new one is ordered."]
                            },
                        }
                    ],
                    "transcript": [
                        {
                            "type": "paragraph",
                            "paragraph": {"rich_text": ["Mara: Shall we begin? Jonas: The printer, again."]},
                        }
                    ],
                },
            }
        ]
    )
    calendar.days_ago(2, 16)
    ws.page(
        "Ideas for the winter blend",
        "Cinnamon is *out*. Orange peel with the Guji lot is promising.",
        icon="❄️",
    )
