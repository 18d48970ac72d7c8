package dev.mailbell.mail.maildrop;

import org.jsoup.Jsoup;
import org.jsoup.nodes.Element;
import org.jsoup.nodes.Node;
import org.jsoup.nodes.TextNode;
import org.jsoup.select.NodeTraversor;
import org.jsoup.select.NodeVisitor;

/** HTML as plain text: blocks on their own lines, links with their address, nothing else. */
final class HtmlText {
    private HtmlText() {}

    static String of(String html) {
        Element body = Jsoup.parse(html).body();
        body.select("script, style, template, noscript, title, head").remove();
        Text text = new Text();
        NodeTraversor.traverse(text, body);
        return text.result();
    }

    private static final class Text implements NodeVisitor {
        private final StringBuilder text = new StringBuilder();

        @Override
        public void head(Node node, int depth) {
            if (node instanceof TextNode words) {
                append(words.text());
            } else if (node instanceof Element element) {
                switch (element.normalName()) {
                    case "br" -> text.append('\n');
                    case "li" -> {
                        newLine();
                        text.append("* ");
                    }
                    case "img" -> append(alternative(element));
                    case "td", "th" -> append(" ");
                    default -> {
                        if (element.isBlock()) {
                            newLine();
                        }
                    }
                }
            }
        }

        @Override
        public void tail(Node node, int depth) {
            if (!(node instanceof Element element)) {
                return;
            }
            String address = element.normalName().equals("a") ? element.attr("href") : "";
            if (address.matches("(?i)(https?|mailto):.*") && !element.text().equals(address)) {
                append(" <" + address + ">");
            }
            if (element.isBlock()) {
                newLine();
                if (element.normalName().equals("p")) {
                    text.append('\n');
                }
            }
        }

        private static String alternative(Element image) {
            String words = image.attr("alt").strip();
            return words.isEmpty() ? "" : "[" + words + "]";
        }

        private void append(String words) {
            boolean blankBefore =
                    text.isEmpty() || Character.isWhitespace(text.charAt(text.length() - 1));
            text.append(blankBefore ? words.stripLeading() : words);
        }

        private void newLine() {
            if (!text.isEmpty() && text.charAt(text.length() - 1) != '\n') {
                text.append('\n');
            }
        }

        String result() {
            return text.toString().replaceAll("[ \\u00a0]+\n", "\n").replaceAll("\n{3,}", "\n\n");
        }
    }
}
