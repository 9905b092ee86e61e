//! One text in three dresses: wiki text (version 2 of the API), an Atlassian document (version 3), HTML (`renderedFields`).
//! Knows paragraphs and bullet lists; other markup stays as written. For the pages of `jira`.

use serde_json::{Value, json};

enum Block<'a> {
    Paragraph(&'a str),
    Bullets(Vec<&'a str>),
}

fn blocks(text: &str) -> impl Iterator<Item = Block<'_>> {
    text.split("\n\n").map(|block| {
        let bullets: Option<Vec<_>> = block.lines().map(|line| line.strip_prefix("* ")).collect();
        bullets
            .filter(|lines| !lines.is_empty())
            .map_or(Block::Paragraph(block), Block::Bullets)
    })
}

/// The text as a document.
pub(super) fn document(text: &str) -> Value {
    let content: Vec<_> = blocks(text)
        .map(|block| match block {
            Block::Paragraph(text) => paragraph(text),
            Block::Bullets(lines) => {
                let item = |line| json!({"type": "listItem", "content": [paragraph(line)]});
                json!({"type": "bulletList", "content": lines.into_iter().map(item).collect::<Vec<_>>()})
            }
        })
        .collect();
    json!({"type": "doc", "version": 1, "content": content})
}

fn paragraph(text: &str) -> Value {
    if text.is_empty() {
        return json!({"type": "paragraph", "content": []});
    }
    json!({"type": "paragraph", "content": [{"type": "text", "text": text}]})
}

/// The text as HTML.
pub(super) fn html(text: &str) -> String {
    let html = blocks(text).map(|block| match block {
        Block::Paragraph(text) => format!("<p>{}</p>", escaped(text)),
        Block::Bullets(lines) => {
            let items = lines
                .iter()
                .map(|line| format!("\t<li>{}</li>\n", escaped(line)));
            format!("<ul>\n{}</ul>\n", items.collect::<String>())
        }
    });
    html.collect::<Vec<_>>().join("\n\n")
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_has_three_dresses() {
        let text = "A <b>.\n\n* one\n* two";
        let item = |line| json!({"type": "listItem", "content": [paragraph(line)]});
        let expected = json!({"type": "doc", "version": 1, "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": "A <b>."}]},
            {"type": "bulletList", "content": [item("one"), item("two")]},
        ]});
        assert_eq!(document(text), expected);
        assert_eq!(
            html(text),
            "<p>A &lt;b&gt;.</p>\n\n<ul>\n\t<li>one</li>\n\t<li>two</li>\n</ul>\n"
        );
    }
}
