package dev.mailbell.ui;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.TestApi;
import dev.mailbell.status.LocalStatus;
import dev.mailbell.status.NodeStatus;
import dev.mailbell.status.NodeStatus.HostView;
import dev.mailbell.watch.account.AccountModes;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Every page in a real browser: at two widths, dark and light, with ordinary content and with
 * hostile.
 */
class EveryPageTest {
    /** Each would be an element, a script, an attribute or a link if it were not escaped. */
    private static final String HOSTILE =
            "<xss-probe>\"'><img src=x onerror=hurt()><script>hurt()</script>"
                    + "</title></textarea></style><svg onload=hurt()>{{7*7}}${7*7}"
                    + "\" onfocus=\"hurt()\" autofocus x=\"<!-- ]]> \u202e\u2028";

    private static TestUi ui;
    private static Browser browser;
    private static Showcase showcase;

    @BeforeAll
    static void start() {
        ui = new TestUi();
        showcase = new Showcase(ui);
        showcase.fill();
        browser = Browser.start();
    }

    @AfterAll
    static void stop() {
        browser.close();
        ui.close();
    }

    private static void visit(List<Showcase.Page> pages, String suffix) {
        PageVisits visits = new PageVisits(browser);
        visits.visit(ui, pages, suffix);
        assertThat(visits.faults()).isEmpty();
    }

    @Test
    void every_page_can_be_read_at_every_width_and_by_everybody() {
        browser.signIn(ui, TestApi.KEY);
        visit(showcase.pages(), "");
    }

    @Test
    void the_pages_without_a_session_too() {
        browser.forgetCookies();
        visit(List.of(new Showcase.Page("sign-in", "/ui/sign-in?ended=yes")), "");
    }

    @Test
    void the_overview_of_a_client_too() {
        browser.signIn(ui, ui.keyOf(showcase.client(), "read", "audit:read"));
        visit(List.of(new Showcase.Page("overview", "/ui/overview")), "-client");
        assertThat(browser.text())
                .contains("17 accounts are parked")
                .doesNotContain("Deliveries a second", "Nodes", "Shards");
    }

    /** What mail servers, mails, receivers and clients send is shown as text, and nothing else. */
    @Test
    void hostile_content_stays_text_on_every_page() throws Exception {
        try (TestUi hostile = new TestUi()) {
            Showcase filled = new Showcase(hostile);
            filled.fill();
            poison(hostile);
            browser.look(1400, false);
            browser.signIn(hostile, TestApi.KEY);
            List<Showcase.Page> pages = new ArrayList<>(filled.pages());
            pages.add(new Showcase.Page("query", "/ui/hosts?name=" + encoded(HOSTILE)));
            pages.add(new Showcase.Page("path", "/ui/" + encoded("<xss-probe>")));
            for (Showcase.Page page : pages) {
                browser.open(hostile.url(page.path()));
                requireHarmless(page.path());
                if (List.of("overview", "hosts", "nodes").contains(page.name())) {
                    assertThat(browser.text()).as(page.path()).contains("<xss-probe>");
                }
            }
            Files.writeString(
                    hostile.file, "polling: { jitter: '" + HOSTILE.replace("'", "''") + "' }\n");
            browser.open(hostile.url("/ui/configuration"));
            browser.click("form[action='/ui/configuration/reload'] button");
            requireHarmless("the faults of the configuration");
        }
    }

    private static void requireHarmless(String where) {
        assertThat(browser.script("return typeof window.hurt")).as(where).isEqualTo("undefined");
        assertThat(
                        browser.script(
                                """
                                return [...document.querySelectorAll('*')].filter(it =>
                                    it.localName === 'xss-probe'
                                    || [...it.attributes].some(a => a.name.startsWith('on') || a.name === 'autofocus')
                                    || /^\\s*javascript:/i.test(it.getAttribute('href') || '')
                                    || (it.localName === 'script' && !it.src.includes('/ui/assets/')))
                                  .map(it => it.outerHTML)\
                                """))
                .as(where)
                .isEqualTo(List.of());
        assertThat(browser.complaints()).as(where).noneMatch(it -> it.contains("hurt"));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Puts the corpus into every text column that others fill, and into what nodes say. */
    private static void poison(TestUi ui) {
        ui.api
                .database
                .jdbi()
                .useHandle(handle -> {
                    handle.execute(
                            """
                            update account set address = address || ?, host = left(?, 200), username = ?,
                                failure_message = ?, labels = jsonb_build_object('a', ?::text)\
                            """,
                            HOSTILE,
                            HOSTILE,
                            HOSTILE,
                            HOSTILE,
                            HOSTILE);
                    handle.execute(
                            "update webhook set url = url || ?, description = ?, last_error = ?",
                            HOSTILE,
                            HOSTILE,
                            HOSTILE);
                    handle.execute("update client set name = left(name || ?, 100)", HOSTILE);
                    handle.execute("update api_key set name = left(?, 100)", HOSTILE);
                });
        ui.api.members.put(ui.api.members.self(), HOSTILE, null);
        NodeStatus before = ui.status.now();
        NodeStatus poisoned =
                new NodeStatus(
                        List.of(new HostView(HOSTILE, 1, 1, 1, 1, 1, 9, HOSTILE, Instant.now())),
                        1,
                        before.modes(),
                        900,
                        true,
                        before.lastHour());
        ui.status =
                new LocalStatus() {
                    @Override
                    public NodeStatus now() {
                        return poisoned;
                    }

                    @Override
                    public AccountModes modes(UUID client) {
                        return poisoned.modes();
                    }
                };
        ui.api.notReady.add(HOSTILE);
    }
}
