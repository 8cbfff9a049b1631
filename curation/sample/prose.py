"""Original prose for hand-made pages, written for this sample and given away under CC0 1.0.

Out: `page`, an HTML document of three English paragraphs that no two calls share in full, and
`FOREIGN`, texts in other scripts for pages that test encodings.
"""

from __future__ import annotations

from html import escape

ENGLISH = (
    "Before grain can be stored it has to be sorted, and sorting begins with air. The kernels fall"
    " through a rising draught that is just strong enough to lift the chaff and the dust, while"
    " the heavier grain drops on. Farmers did the same with a shovel on a windy day, and the old"
    " method still works when the machine is broken and the barn doors stand open.",
    "After the air come the sieves. The upper one has wide holes and keeps back straw, stones and"
    " pieces of ear; the lower one is fine and lets sand and broken kernels through. What remains"
    " between the two is the good part of the harvest. A miller watches the angle of the sieves"
    " more than their speed, because a flat sieve chokes and a steep one wastes bread.",
    "Water in the grain matters more than dirt. If a handful feels cool and smells of nothing it"
    " may go into the bin; if it is warm, something in it is alive. Stored too wet, the heap heats"
    " itself from the middle, and the moulds that grow there spoil far more than they touch. That"
    " is why every silo has a thermometer on a long pole and somebody who reads it.",
    "A river is never in one place for long. On the outer side of each bend the current is fast"
    " and eats the bank, and on the inner side it is slow and lays down what it has taken. Year by"
    " year the bend grows rounder, until a flood cuts straight across its neck and leaves behind a"
    " quiet lake in the shape of a horn, where herons stand and reeds begin to grow.",
    "People who live beside the water learn to read it. A smooth tongue that points downstream"
    " shows where the channel is deep; a tongue that points up shows a stone just under the"
    " surface. Brown water after rain comes from the fields, and grey water from the mountains."
    " The ferryman knows all of this and has no words for most of it, since nobody ever asked.",
    "The mouth of the river belongs to the sea for half of the day. At high tide the salt water"
    " creeps in along the bottom, because it is heavier, while the fresh water slides out above"
    " it. Fish that want to leave the sea wait here until their bodies have become used to the"
    " change. Engineers who plan a harbour have to respect the same slow exchange.",
    "A bicycle stays upright because it steers into its own fall. When it leans to the left the"
    " front wheel turns to the left as well, and the wheels roll back under the weight. The rider"
    " does this without thinking, and a bicycle pushed off alone down a gentle hill does it too."
    " Learning to ride is mostly learning not to disturb what the machine already knows.",
    "The chain is the part that is neglected most and that pays back care the soonest. Dirt turns"
    " the oil into a paste that grinds the links, and a worn chain takes the teeth of the sprockets"
    " with it. Ten minutes with a rag and a few drops of thin oil, wiped off again when they have"
    " crept inside, will double its life. The same is true of most hinges in the house.",
    "Wheels are built from the middle outwards. The spokes are laced loosely between hub and rim,"
    " crossing each other in pairs, and then tightened a quarter of a turn at a time while the"
    " wheel spins between two fixed points. A good builder listens as well as looks, for spokes of"
    " equal tension give the same note when they are plucked, and a dull one is about to break.",
    "Bread that has risen slowly keeps longer than bread made in a hurry. During a night in a cold"
    " pantry the flour takes up water to its core, and small amounts of acid form that hold back"
    " mould. The baker sleeps while this happens, which is the best argument for the method. In"
    " the morning the dough only wants to be folded, shaped and left alone for one more hour.",
    "To find north without a compass, put a stick upright in level ground and mark the tip of its"
    " shadow with a pebble. Wait until the shadow has moved by the width of a hand, and mark it"
    " again. The line from the first pebble to the second runs from west to east, nearly enough"
    " for a walk. The longer you can wait, the better the line, and noon is the best time.",
    "A stone wall without mortar stands because every stone rests on two others and has two above"
    " it. The large ones lie at the bottom and reach deep into the wall; the small ones fill the"
    " heart so that nothing can slip. Water runs through instead of pushing against it, and frost"
    " has nothing to crack. Such walls are repaired rather than rebuilt, one gap each spring.",
)

RUSSIAN = (
    "Перед тем как убрать зерно на хранение, его нужно отсортировать, и начинается эта работа с"
    " воздуха. Зёрна падают навстречу струе, которая уносит мякину и пыль, а тяжёлое зерно летит"
    " вниз. Раньше крестьяне делали то же самое лопатой в ветреный день, и старый способ"
    " по-прежнему выручает, когда машина сломана.",
    "Река никогда долго не остаётся на одном месте. На внешней стороне излучины течение быстрое и"
    " размывает берег, а на внутренней медленное и откладывает песок. Год за годом излучина"
    " становится круглее, пока половодье не прорежет перешеек и не оставит после себя тихое"
    " озеро, где стоят цапли и растёт камыш.",
    "Велосипед не падает потому, что сам поворачивает в сторону наклона. Когда он кренится влево,"
    " переднее колесо тоже поворачивает влево, и колёса возвращаются под груз. Ездок делает это не"
    " задумываясь, и учиться ездить значит прежде всего не мешать машине делать то, что она умеет.",
)
GERMAN = (
    "Bevor Getreide eingelagert wird, muss es sortiert werden, und das beginnt mit Luft. Die Körner"
    " fallen durch einen aufsteigenden Luftstrom, der Spreu und Staub mitnimmt, während das schwere"
    " Korn nach unten fällt. Früher machten die Bauern dasselbe an windigen Tagen mit der Schaufel.",
    "Ein Fluss bleibt nie lange an einem Ort. An der Außenseite jeder Biegung ist die Strömung"
    " schnell und frisst das Ufer an, an der Innenseite ist sie langsam und lässt den Sand liegen."
    " Jahr für Jahr wird die Schleife runder, bis ein Hochwasser sie abschneidet und ein stiller"
    " See übrig bleibt, in dem Reiher stehen und Schilf wächst.",
)
JAPANESE = (
    "穀物を蔵に入れる前には、まず選り分けなければならない。最初の仕事をするのは風である。下から吹き上げる"
    "空気の中に粒を落とすと、軽いもみ殻やほこりは吹き飛ばされ、重い実だけが下に残る。昔の農家は風の強い日に"
    "シャベルで同じことをしていた。機械が壊れたときには、今でもこの方法が役に立つ。",
    "川は長いあいだ同じ場所にとどまることがない。曲がり角の外側では流れが速く、岸を少しずつ削っていく。"
    "内側では流れが遅く、運んできた砂を置いていく。年ごとに曲がりは丸くなり、やがて大水が首の部分を断ち切ると、"
    "あとには静かな三日月形の湖が残り、そこに鷺が立ち、葦が茂る。",
    "自転車が倒れないのは、倒れる方向へ自分で曲がるからである。左に傾くと前輪も左に切れ、車輪が重さの下に"
    "戻ってくる。乗る人はそれを考えずにしている。乗り方を覚えるとは、機械がすでに知っていることの邪魔を"
    "しないように覚えることなのである。",
)
CHINESE = (
    "粮食入仓之前必须先经过筛选，而筛选的第一步要靠风。把谷粒从高处撒下，让一股向上的气流穿过，轻的糠皮和"
    "灰尘就会被吹走，沉的籽粒则落到下面。从前农民在有风的日子里用木锨做同样的事，机器坏了的时候，这个老办法"
    "今天仍然管用。",
    "河流从来不会长久停留在一个地方。在每个弯道的外侧，水流很急，不断冲刷河岸；在内侧，水流缓慢，把带来的"
    "泥沙留下。年复一年，弯道越来越圆，直到一场洪水冲断狭窄的地颈，留下一片安静的月牙形湖泊，白鹭站在水边，"
    "芦苇慢慢长起来。",
    "自行车不会倒下，是因为它会朝着倾斜的方向转弯。车身向左倾斜时，前轮也向左转，车轮便重新回到重心下面。"
    "骑车的人不假思索就能做到这一点。学骑车，主要是学会不去妨碍机器已经知道的事情。",
)
ARABIC = (
    "قبل أن تُخزَّن الحبوب لا بد من فرزها، ويبدأ الفرز بالهواء. تسقط الحبوب خلال تيار صاعد يرفع"
    " القش والغبار بينما يواصل الحب الثقيل سقوطه إلى الأسفل. كان المزارعون يفعلون الشيء نفسه"
    " بالمجرفة في يوم عاصف، وما زالت الطريقة القديمة نافعة حين تتعطل الآلة.",
    "لا يبقى النهر طويلا في مكان واحد. ففي الجانب الخارجي من كل منعطف يكون التيار سريعا فيأكل"
    " الضفة، وفي الجانب الداخلي يكون بطيئا فيترك ما حمله من رمل. وعاما بعد عام يزداد المنعطف"
    " استدارة حتى يقطع الفيضان عنقه ويترك وراءه بحيرة هادئة تقف فيها طيور البلشون وينمو القصب.",
)
HEBREW = (
    "לפני שמאחסנים את התבואה צריך למיין אותה, והמיון מתחיל באוויר. הגרעינים נופלים דרך זרם עולה"
    " שמרים את המוץ ואת האבק, והגרעין הכבד ממשיך ליפול. האיכרים עשו זאת פעם באת ביום של רוח,"
    " והשיטה הישנה עדיין עובדת כאשר המכונה מקולקלת ודלתות האסם פתוחות לרווחה.",
    "נהר אינו נשאר זמן רב במקום אחד. בצד החיצוני של כל פיתול הזרם מהיר ומכרסם בגדה, ובצד הפנימי"
    " הוא איטי ומניח את מה שלקח. משנה לשנה הפיתול נעשה עגול יותר, עד ששיטפון חותך את צווארו ומשאיר"
    " אחריו אגם שקט שבו עומדות אנפות וגדלים קני סוף.",
)


def paragraphs(number: int) -> tuple[str, str, str]:
    """Three of the English paragraphs; numbers under 24 give different sets."""
    size = len(ENGLISH)
    step = 1 + number // size
    return tuple(ENGLISH[(number + k * (step + k)) % size] for k in range(3))  # type: ignore[return-value]


def page(title: str, texts: tuple[str, ...], *, lang: str = "en", head: str = "") -> str:
    """A small valid HTML document; `head` goes into its head as it is."""
    body = "\n".join(f"<p>{escape(text, quote=False)}</p>" for text in texts)
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>{head}<title>{escape(title)}</title></head>\n'
        f"<body>\n<article>\n<h1>{escape(title)}</h1>\n{body}\n</article>\n</body>\n</html>\n"
    )
