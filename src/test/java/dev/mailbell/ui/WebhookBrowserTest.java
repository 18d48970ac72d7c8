package dev.mailbell.ui;

import static dev.mailbell.api.HttpCaller.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.TestApi;
import dev.mailbell.api.request.Json;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.By;

/**
 * The pages of webhooks, deliveries, events, clients and audit in a real browser: how they look,
 * with hostile content, and what a person does with them.
 */
class WebhookBrowserTest {
    /** Each would be an element, a script, an attribute or a link if it were not escaped. */
    private static final String HOSTILE =
            "<xss-probe>\"'><img src=x onerror=hurt()><script>hurt()</script></title></textarea></style>"
                    + "</pre></details><svg onload=hurt()>{{7*7}}${7*7}`@\" onfocus=\"hurt()\" autofocus x=\"<!-- ]]>"
                    + "javascript:hurt() \u202e\u2028";

    private static TestUi ui;
    private static HooksShowcase acme;
    private static Browser browser;

    @BeforeAll
    static void start() {
        ui = new TestUi();
        acme = new HooksShowcase(ui);
        browser = Browser.start();
    }

    @AfterAll
    static void stop() {
        browser.close();
        ui.close();
    }

    @BeforeEach
    void wide() {
        browser.look(1400, false);
    }

    private static void visit(List<Showcase.Page> pages, String suffix) {
        PageVisits visits = new PageVisits(browser);
        visits.visit(ui, pages, suffix);
        assertThat(visits.faults()).isEmpty();
    }

    @Test
    void every_page_can_be_read_at_every_width_and_by_everybody() {
        browser.signIn(ui, TestApi.KEY);
        visit(acme.pages(), "");
        browser.signIn(ui, ui.keyOf(acme.client, "read", "portal:write", "audit:read"));
        visit(
                List.of(
                        new Showcase.Page("webhooks", "/ui/webhooks"),
                        new Showcase.Page("client", "/ui/clients/" + acme.client)),
                "-own");
        browser.forgetCookies();
        visit(List.of(new Showcase.Page("portal", "/ui/portal")), "");
    }

    /** What mails, receivers and clients send is shown as text, and nothing else. */
    @Test
    void hostile_content_stays_text_on_every_page() {
        try (TestUi hostile = new TestUi()) {
            HooksShowcase filled = new HooksShowcase(hostile, "hostile", "x", HOSTILE);
            poison(filled);
            browser.signIn(hostile, TestApi.KEY);
            List<Showcase.Page> pages = new ArrayList<>(filled.pages());
            String text = Json.MAPPER.writeValueAsString(HOSTILE);
            UUID late = Ids.next();
            for (Showcase.Page page : pages) {
                browser.open(hostile.url(page.path()));
                if (page.name().equals("events")) {
                    // One that comes by the stream, too.
                    filled.event(
                            late,
                            EventType.MAIL_NEW,
                            "{\"type\":\"mail.new\",\"data\":{\"address\":%s,\"newCount\":1,\"envelopes\":[{\"subject\":%s}]}}"
                                    .formatted(text, text));
                    browser.until("#event-" + late);
                }
                requireHarmless(page.path());
                if (!page.name().equals("clients") || page.name().equals("client")) {
                    assertThat(String.valueOf(browser.script("return document.body.textContent")))
                            .as(page.path())
                            .contains("<xss-probe>");
                }
            }
            for (String query :
                    List.of(
                            "/ui/deliveries?statusCode=" + encoded(HOSTILE.substring(0, 90)),
                            "/ui/deliveries?webhook=" + encoded("<xss-probe>"),
                            "/ui/events?account=" + encoded(HOSTILE.substring(0, 90)),
                            "/ui/audit?action=" + encoded(HOSTILE),
                            "/ui/webhooks?state=" + encoded(HOSTILE))) {
                browser.open(hostile.url(query));
                requireHarmless(query);
            }
        }
    }

    private static String encoded(String text) {
        return java.net.URLEncoder.encode(text, java.nio.charset.StandardCharsets.UTF_8)
                .replace("+", "%20");
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
        assertThat(browser.complaints())
                .as(where)
                .noneMatch(it -> it.contains("hurt") && !it.contains("Failed to load"));
    }

    /** Puts the corpus into every text that others fill. */
    private static void poison(HooksShowcase filled) {
        String json = Json.MAPPER.writeValueAsString(HOSTILE);
        filled.execute("update account set address = left(?, 200), ref = ?", HOSTILE, HOSTILE);
        filled.execute(
                "update webhook set url = url || ?, description = ?, last_error = ?, labels = jsonb_build_object('a', ?::text)",
                HOSTILE,
                HOSTILE,
                HOSTILE,
                HOSTILE);
        filled.execute(
                "update client set name = left(name || ?, 100) where name <> 'default'", HOSTILE);
        filled.execute(
                "update api_key set name = left(?, 100), prefix = left(?, 30)", HOSTILE, HOSTILE);
        filled.execute("update portal_link set name = left(?, 100)", HOSTILE);
        filled.execute("update delivery set mailbox = ?, last_error = ?", HOSTILE, HOSTILE);
        filled.execute(
                "update attempt set error = coalesce(error, '') || ?, answer = left(?, 1024)",
                HOSTILE,
                HOSTILE);
        filled.execute(
                "update audit set key_name = ?, key_id = ?, resource = resource || ?, remote_address = ?",
                HOSTILE,
                HOSTILE,
                HOSTILE,
                HOSTILE);
        filled.execute(
                "update event set payload = ?",
                "{\"type\":\"mail.new\",\"data\":{\"address\":%s,\"mailbox\":%s,\"newCount\":2,\"description\":%s,\"envelopes\":[{\"from\":%s,\"subject\":%s}]}}"
                        .formatted(json, json, json, json, json));
    }

    private static void confirm(String css) {
        var before = browser.find("html");
        browser.find(css).click();
        browser.driver().switchTo().alert().accept();
        browser.wait(() -> {
            try {
                before.isEnabled();
                return false;
            } catch (org.openqa.selenium.StaleElementReferenceException gone) {
                return true;
            }
        });
    }

    @Test
    void why_a_mail_was_not_announced_is_three_clicks_away() {
        // The tests before this one may have taken many minutes.
        acme.execute(
                "update webhook set failing_since = now() - interval '42 minutes' where id = ?",
                acme.failing);
        browser.signIn(ui, ui.keyOf(acme.client, "read", "write"));
        browser.driver().findElement(By.linkText("Webhooks")).click();
        browser.until("main table");
        browser.driver().findElement(By.partialLinkText("crm.example.net")).click();
        browser.until(".tiles");
        assertThat(browser.text()).contains("It has failed for 4", "14 times in a row");
        browser.click("a[href='/ui/deliveries/" + acme.failed + "']");
        assertThat(browser.text())
                .contains("It was given up", "the connection was refused", "Attempt 3")
                .contains("\"newCount\" : 1");
        confirm("form[action$='/redeliver'] button");
        assertThat(browser.text()).contains("It is sent again, under the same webhook-id.");
        acme.execute(
                "update delivery set status = 'failed', completed_at = now() where id = ?",
                acme.failed);
    }

    @Test
    void a_webhook_is_tested_disabled_enabled_and_gets_a_new_secret() {
        browser.signIn(ui, ui.keyOf(acme.client, "read", "write"));
        String page = ui.url("/ui/webhooks/" + acme.webhook);
        browser.open(page);
        browser.click("form[action$='/test'] button");
        assertThat(browser.text()).contains("The test failed", "answered 500");
        browser.open(page);
        confirm("form[action$='/disable'] button");
        assertThat(browser.text())
                .contains("Disabled: nothing is sent", "Nothing is sent to this webhook");
        browser.click("form[action$='/enable'] button");
        assertThat(browser.text()).contains("Enabled: what waits is sent now.");
        confirm("form[action$='/rotate'] button");
        assertThat(browser.find("#secret").getText()).startsWith("whsec_");
    }

    @Test
    void events_appear_as_they_happen_and_a_broken_stream_is_shown_and_resumed() {
        browser.signIn(ui, ui.keyOf(acme.client, "read"));
        browser.open(ui.url("/ui/events"));
        browser.wait(() -> browser.find("#stream-status").getText().equals("Live"));
        UUID first = acme.event(EventType.MAIL_NEW, 5);
        browser.until("#event-" + first);
        assertThat(browser.find("#event-" + first).getText())
                .contains("5 new messages: Invoice 4711");
        browser.find("#stream-toggle").click();
        UUID held = acme.event(EventType.MAIL_NEW, 6);
        browser.wait(() -> browser.find("#stream-count").getText().equals("1 waiting"));
        assertThat(browser.all("#event-" + held)).isEmpty();
        browser.find("#stream-toggle").click();
        browser.until("#event-" + held);
        int port = ui.api.port();
        ui.api.stop();
        UUID meanwhile;
        try {
            browser.wait(() -> browser.find("#stream-status").getText().contains("trying again"));
            meanwhile = acme.event(EventType.MAIL_NEW, 7);
        } finally {
            ui.api.startAgain(port);
        }
        browser.until("#event-" + meanwhile);
        browser.wait(() -> browser.find("#stream-status").getText().equals("Live"));
        assertThat(browser.all("#event-" + held)).hasSize(1);
    }

    @Test
    void the_list_of_events_is_bounded() {
        browser.signIn(ui, ui.keyOf(acme.client, "read"));
        browser.open(ui.url("/ui/events"));
        browser.wait(() -> browser.find("#stream-status").getText().equals("Live"));
        UUID last = null;
        for (int i = 0; i < 230; i++) {
            last = acme.event(EventType.MAIL_NEW, i);
        }
        browser.until("#event-" + last);
        assertThat(browser.script("return document.querySelectorAll('tbody tr').length"))
                .isEqualTo(200L);
    }

    @Test
    void a_revoked_key_ends_an_open_stream_with_words() {
        String client = ui.api.newClient();
        browser.signIn(ui, ui.keyOf(client, "read"));
        browser.open(ui.url("/ui/events"));
        browser.wait(() -> browser.find("#stream-status").getText().equals("Live"));
        String keys = "/v1/clients/" + client + "/keys";
        String id = json(ui.api.client().get(keys)).at("/items/0/id").stringValue();
        ui.api.client().delete(keys + "/" + id);
        browser.wait(
                () -> browser.find("#stream-status").getText().contains("Your session has ended"));
    }

    @Test
    void a_key_is_made_shown_once_and_revoked() {
        browser.signIn(ui, TestApi.KEY);
        String page = ui.url("/ui/clients/" + acme.client);
        browser.open(page);
        browser.type("#key-name", "batch job");
        browser.click("form[action$='/keys'] button[type=submit]");
        String key = browser.find("#secret").getText();
        assertThat(key).startsWith("mbk_");
        assertThat(ui.api.withKey(key).get("/v1/accounts").statusCode()).isEqualTo(200);
        browser.open(page);
        assertThat(browser.text()).contains("batch job").doesNotContain(key);
        var row =
                browser.all("main tbody tr").stream()
                        .filter(it -> it.getText().contains("batch job"))
                        .findFirst()
                        .orElseThrow();
        row.findElement(By.cssSelector("form[action$='/revoke'] button")).click();
        browser.driver().switchTo().alert().dismiss();
        assertThat(ui.api.withKey(key).get("/v1/accounts").statusCode()).isEqualTo(200);
        String action =
                row.findElement(By.cssSelector("form[action$='/revoke']"))
                        .getDomAttribute("action");
        confirm("form[action='" + action + "'] button");
        assertThat(browser.text()).contains("The key \"batch job\" is revoked.");
        assertThat(ui.api.withKey(key).get("/v1/accounts").statusCode()).isEqualTo(401);
    }

    @Test
    void a_portal_link_opens_the_page_for_somebody_without_a_key() {
        browser.forgetCookies();
        String url =
                json(acme.caller.post("/v1/clients/" + acme.client + "/portal-links", "{}"))
                        .required("url")
                        .stringValue();
        String link = ui.url(url.substring(url.indexOf("/ui/")));
        browser.open(link);
        browser.wait(() -> !browser.driver().getCurrentUrl().contains("#"));
        assertThat(browser.find("#token-field").isDisplayed()).isFalse();
        browser.click("#open");
        assertThat(browser.find("h1").getText()).isEqualTo("Overview");
        browser.open(ui.url("/ui/webhooks"));
        assertThat(browser.text()).contains("Order desk", "portal link");
        browser.forgetCookies();
        browser.open(link);
        browser.click("#open");
        assertThat(browser.find("#fault").getText()).contains("This link is not valid");
    }

    @Test
    void without_scripts_the_pages_work_too() {
        browser.signIn(ui, TestApi.KEY);
        browser.driver()
                .executeCdpCommand(
                        "Emulation.setScriptExecutionDisabled", java.util.Map.of("value", true));
        try {
            browser.open(ui.url("/ui/events?client=" + acme.client));
            assertThat(browser.text()).contains("Invoice 4711").doesNotContain("Pause");
            browser.open(ui.url("/ui/deliveries?status=failed"));
            assertThat(browser.find("main table").getText())
                    .contains("failed")
                    .doesNotContain("superseded", "delivered");
        } finally {
            browser.driver()
                    .executeCdpCommand(
                            "Emulation.setScriptExecutionDisabled",
                            java.util.Map.of("value", false));
        }
    }
}
