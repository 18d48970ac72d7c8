package dev.mailbell.ui.page;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;
import java.util.Map;

/** The templates of {@code src/main/jte}, which the build has compiled. They escape every value. */
final class Templates {
    private static final String PACKAGE = "dev.mailbell.templates";

    private final TemplateEngine engine =
            TemplateEngine.createPrecompiled(
                    null, ContentType.Html, Templates.class.getClassLoader(), PACKAGE);

    /** The whole text of a page: a fault in the middle of it sends none of it. */
    String render(String template, Map<String, Object> values) {
        StringOutput html = new StringOutput(8_192);
        engine.render(template + ".jte", values, html);
        return html.toString();
    }
}
