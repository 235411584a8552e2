"""Describe a recorded graph in words, for readers who cannot see the drawing."""

from __future__ import annotations

from collections import Counter, defaultdict

from torchproof.language import Translate, untranslated
from torchproof.pictures.kinds import Graph


def graph_in_words(graph: Graph, *, translate: Translate = untranslated) -> str:
    """Describe the edges of a graph; nodes with equal texts are numbered."""
    texts = node_texts(graph, translate=translate)
    kinds = {node.key: node.kind for node in graph.nodes}
    clauses: dict[str, dict[str, str]] = defaultdict(dict)
    for edge in graph.edges:
        verb = "keeps" if kinds[edge.target] in ("saved", "lost") else "leads to"
        before = clauses[edge.source].get(verb)
        text = texts[edge.target]
        if edge.output is not None:
            text = translate("output %s of %s", str(edge.output), text)
        clauses[edge.source][verb] = f"{before}, {text}" if before else text
    sentences = []
    for source, verbs in clauses.items():
        leads, keeps = verbs.get("leads to"), verbs.get("keeps")
        if leads and keeps:
            sentences.append(translate("%s leads to %s and keeps %s.", texts[source], leads, keeps))
        elif leads:
            sentences.append(translate("%s leads to %s.", texts[source], leads))
        elif keeps:
            sentences.append(translate("%s keeps %s.", texts[source], keeps))
    return " ".join(sentences)


def node_texts(graph: Graph, *, translate: Translate = untranslated) -> dict[str, str]:
    """Return the text of each node by key; equal texts are numbered."""
    texts = {n.key: " ".join(filter(None, (n.label, n.detail))) for n in graph.nodes}
    repeated = {text for text, count in Counter(texts.values()).items() if count > 1}
    numbers: Counter[str] = Counter()
    for node in graph.nodes:
        text = texts[node.key]
        if node.kind == "cut":
            texts[node.key] = translate("inputs without grad")
        elif text in repeated:
            numbers[text] += 1
            texts[node.key] = f"{text} #{numbers[text]}"
    return texts
