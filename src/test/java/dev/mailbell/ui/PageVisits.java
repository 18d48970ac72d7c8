package dev.mailbell.ui;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Looks at pages in a browser at two widths, dark and light, and collects what is wrong with them.
 * Where the property {@code screenshots} names a folder, pictures of all are written there.
 */
final class PageVisits {
    private static final List<Integer> WIDTHS = List.of(360, 1400);
    private static final @Nullable String PICTURES = System.getProperty("screenshots");

    private final Browser browser;
    private final List<String> faults = new ArrayList<>();

    PageVisits(Browser browser) {
        this.browser = browser;
    }

    /** Opens pages, and looks at each. */
    void visit(TestUi ui, List<Showcase.Page> pages, String suffix) {
        for (Showcase.Page page : pages) {
            narrow();
            browser.open(ui.url(page.path()));
            look(page.name() + suffix);
        }
    }

    /** The window for the next page: a script scrolls the navigation of a narrow one. */
    void narrow() {
        browser.look(WIDTHS.getFirst(), false);
    }

    /**
     * Looks at the page that was opened in a narrow window. The style sheet alone answers to
     * another width or scheme, so that the page is not loaded again.
     */
    void look(String name) {
        for (int width : WIDTHS) {
            look(name, width, false);
            look(name, width, true);
        }
    }

    private void look(String name, int width, boolean dark) {
        browser.look(width, dark);
        String where = name + "-" + width + (dark ? "-dark" : "-light");
        if (PICTURES != null) {
            browser.screenshot(Path.of(PICTURES).resolve(where + ".png"));
        }
        if (browser.overflow() > 0) {
            faults.add(where + " is wider than its window by " + browser.overflow());
        }
        browser.seriousFindings(dark).forEach(it -> faults.add(where + ": " + it));
    }

    /** What is wrong with the pages so far, and what the browser has complained about. */
    List<String> faults() {
        browser.complaints().stream()
                .filter(it -> it.contains("Content Security Policy") || it.contains("Uncaught"))
                .forEach(faults::add);
        return faults;
    }
}
