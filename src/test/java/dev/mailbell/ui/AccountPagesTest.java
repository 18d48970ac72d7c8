package dev.mailbell.ui;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.TestApi;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.watch.admission.CheckTrigger;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.history.PastCheck;
import dev.mailbell.watch.history.PastCheck.Result;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.By;
import org.openqa.selenium.support.ui.Select;

/** The pages of accounts, in a real browser. */
class AccountPagesTest {
    /** Each would be an element, a script, an attribute or a link if it were not escaped. */
    private static final List<String> HOSTILE =
            List.of(
                    "<xss-probe>",
                    "\"><xss-probe onload=hurt()>",
                    "' onfocus='hurt()' autofocus x='",
                    "<script>hurt()</script>",
                    "</code></td></table><img src=x onerror=hurt()>",
                    "</title></textarea></style><svg onload=hurt()>",
                    "${7*7}{{7*7}}<%= 7*7 %>",
                    "<!-- ]]> -->",
                    "javascript:hurt()",
                    "\u202egnp.exe \u2028 \ud83d\udc1f");

    private static TestUi ui;
    private static Browser browser;
    private static AccountStory story;

    @BeforeAll
    static void start() {
        ui = new TestUi();
        story = new AccountStory(ui);
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

    @AfterEach
    void calm() {
        ui.api.watch.failure = null;
        ui.api.watch.command = () -> {};
        ui.api.watch.hostile = "* OK";
        ui.api.watch.dialogue = List.of();
    }

    private static void link(String text) {
        browser.driver().findElement(By.linkText(text)).click();
    }

    private static String press(String action) {
        browser.click("form[action$='" + action + "'] button");
        return browser.text();
    }

    @Test
    void why_this_mail_was_not_announced_is_known_in_three_clicks() throws Exception {
        browser.signIn(ui, ui.keyOf(story.client, "read", "write"));
        link("Accounts");
        browser.wait(() -> browser.find("h1").getText().equals("Accounts"));
        link("story@example.org");
        browser.wait(() -> browser.find("h1").getText().equals("story@example.org"));
        assertThat(browser.find("section[aria-labelledby=why]").getText())
                .contains("The webhook https://crm.example.net/inbox fails: answered 503")
                .contains("1 delivery waits to be sent.");
        assertThat(browser.find("section[aria-labelledby=events]").getText())
                .contains(
                        "INBOX · 2 messages new · \u201cInvoice 4711\u201d",
                        "pending",
                        "6 attempts");
        assertThat(browser.find("section[aria-labelledby=checks]").getText())
                .contains(
                        "2 messages new",
                        "57 times since",
                        "the server pushed",
                        "imap.example.org:993 did not answer in time",
                        "tries again by itself");
        assertThat(browser.find("section[aria-labelledby=mailboxes]").getText())
                .contains("number 12, UID 412, UIDVALIDITY 1713632002", "number 9, UID 409");
        assertThat(browser.find("section[aria-labelledby=facts]").getText())
                .contains("push (IDLE), with safety checks beside it", "status (proof 1 of 6)");
        // The third click.
        String trace = press("/trace");
        assertThat(trace)
                .contains("INBOX holds 33 messages, 2 new.", "goes on", "* OK ready", "A0 NOOP");
        Path folder = Files.createTempDirectory("trace");
        browser.driver()
                .executeCdpCommand(
                        "Browser.setDownloadBehavior",
                        Map.of("behavior", "allow", "downloadPath", folder.toString()));
        browser.find("form[action$='/trace/file'] button").click();
        Path file = folder.resolve("trace-" + story.account + ".txt");
        browser.wait(() -> Files.exists(file));
        assertThat(Files.readString(file))
                .contains("Trace of account " + story.account, "0.003  Mailbell  A0 NOOP");
        Files.delete(file);
        Files.delete(folder);
    }

    @Test
    void a_trace_that_fails_says_what_to_do_and_connects_anew_when_asked() {
        ui.api.watch.fail(FailureCode.TLS_FAILED, "the certificate has expired");
        browser.signIn(ui, ui.keyOf(story.client, "read", "write"));
        browser.open(ui.url(story.path()));
        assertThat(press("/trace"))
                .contains(
                        "The check failed.",
                        "the certificate has expired",
                        "let the server's operator",
                        "7 lines in the middle are left out");
        browser.click("input[name=new] + button");
        assertThat(browser.text()).contains("connects anew");
    }

    @Test
    void actions_do_what_they_say() {
        browser.signIn(ui, ui.keyOf(story.client, "read", "write"));
        browser.open(ui.url(story.path()));
        assertThat(press("/check")).contains("Checked: 2 messages new.");
        ui.api.watch.fail(
                FailureCode.CONNECT_FAILED, "imap.example.org:993 refused the connection");
        assertThat(press("/check"))
                .contains("The check failed: imap.example.org:993 refused the connection");
        ui.api.watch.failure = null;
        AtomicBoolean full = new AtomicBoolean(true);
        ui.api.watch.command =
                () -> {
                    if (full.getAndSet(false)) {
                        throw new NoRoomException("too many requests are under way");
                    }
                };
        assertThat(press("/check"))
                .contains("Not checked: too many requests are under way")
                .doesNotContain("The mail server wants fewer logins");
        assertThat(press("/pause")).contains("Paused: the account is not checked");
        assertThat(story.state()).isEqualTo("paused");
        assertThat(browser.all("form[action$='/check']")).isEmpty();
        assertThat(press("/resume")).contains("Resumed: the account is checked now.");
        assertThat(story.state()).isEqualTo("connecting");
        ui.api
                .database
                .jdbi()
                .useHandle(handle -> handle.execute("update account set state = 'watching'"));
        assertThat(press("/reconnect")).contains("The account connects anew.");
        assertThat(story.state()).isEqualTo("connecting");
        new Select(browser.find("#interval")).selectByVisibleText("5 min");
        assertThat(press("/interval")).contains("The interval is changed.", "Interval\n5 min");
        new Select(browser.find("#interval")).selectByValue("");
        assertThat(press("/interval")).contains("Interval\n2 min");
        ui.api
                .database
                .jdbi()
                .useHandle(handle -> handle.execute("update account set state = 'watching'"));
    }

    @Test
    void an_account_is_removed_after_a_question() {
        browser.signIn(ui, ui.keyOf(story.client, "read", "write"));
        browser.open(ui.url("/ui/accounts/" + story.quiet));
        link("Remove\u2026");
        browser.wait(() -> browser.find("h1").getText().equals("Remove this account?"));
        link("Keep it");
        browser.wait(() -> browser.find("h1").getText().equals("quiet@example.org"));
        link("Remove\u2026");
        browser.wait(() -> browser.find("h1").getText().equals("Remove this account?"));
        assertThat(press("/remove")).contains("quiet@example.org is removed.");
        browser.open(ui.url("/ui/accounts/" + story.quiet));
        assertThat(browser.text()).contains("There is no account with this id.");
    }

    @Test
    void the_operator_finds_accounts_of_all_clients_and_acts_in_their_names() {
        browser.signIn(ui, TestApi.KEY);
        browser.open(ui.url("/ui/accounts"));
        browser.type("#text", "STORY@");
        browser.click(".filters button");
        assertThat(browser.text()).contains("story@example.org");
        link("story@example.org");
        browser.wait(() -> browser.find("h1").getText().equals("story@example.org"));
        press("/check");
        assertThat(ui.api.callerOf(story.client, "audit:read").get("/v1/audit?limit=50").body())
                .contains("\"POST /ui/accounts/{id}/check\"");
        browser.open(ui.url("/ui/accounts?text=nobody"));
        assertThat(browser.text()).contains("No account matches.");
        browser.open(ui.url("/ui/accounts?label=plan"));
        assertThat(browser.text()).contains("Write a label as name:value");
    }

    @Test
    void a_list_has_pages() {
        String client = ui.api.newClient();
        ui.api
                .database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                insert into account select (jsonb_populate_record(a, jsonb_build_object(
                                    'id', gen_random_uuid(), 'ref', null, 'client_id', ?, 'address', 'many' || n || '@example.org'))).*
                                from account a, generate_series(1, 120) n where a.id = ?::uuid\
                                """,
                                client,
                                story.account));
        browser.signIn(ui, ui.keyOf(client, "accounts:read"));
        browser.open(ui.url("/ui/accounts?text=many"));
        List<String> seen = new ArrayList<>();
        for (int page = 0; page < 3; page++) {
            browser.all("tbody td:first-child a").forEach(it -> seen.add(it.getText()));
            if (page < 2) {
                browser.click("a[rel=next]");
            }
        }
        assertThat(seen).hasSize(120).doesNotHaveDuplicates();
        assertThat(browser.all("a[rel=next]")).isEmpty();
        link("First page");
        browser.wait(() -> browser.all("tbody tr").size() == 50);
    }

    @Test
    void what_a_key_may_not_do_is_not_there_and_refused() {
        Visitor reader = new Visitor(ui.api.port());
        reader.signIn(ui.keyOf(story.client, "accounts:read"));
        String page = reader.get(story.path()).body();
        assertThat(page)
                .contains("story@example.org")
                .doesNotContain(
                        "/check\"", "/trace\"", "/remove\"", "Latest events", "crm.example.net");
        String token = reader.token(story.path());
        for (String action :
                List.of(
                        "check",
                        "trace",
                        "trace/file",
                        "pause",
                        "resume",
                        "reconnect",
                        "interval",
                        "remove")) {
            assertThat(reader.post(story.path() + "/" + action, "csrf", token).statusCode())
                    .as(action)
                    .isEqualTo(403);
        }
        Visitor stranger = new Visitor(ui.api.port());
        stranger.signIn(ui.newKey("read", "write"));
        HttpResponse<String> other = stranger.get(story.path());
        assertThat(other.statusCode()).isEqualTo(404);
        assertThat(other.body()).doesNotContain("story@example.org");
        String strangers = stranger.token("/ui/accounts");
        for (String action :
                List.of(
                        "check",
                        "trace",
                        "trace/file",
                        "pause",
                        "resume",
                        "reconnect",
                        "interval",
                        "remove")) {
            assertThat(stranger.post(story.path() + "/" + action, "csrf", strangers).statusCode())
                    .as(action)
                    .isEqualTo(404);
        }
        assertThat(stranger.get("/ui/accounts?client=" + story.client).body())
                .doesNotContain("story@example.org");
    }

    /** Greetings, folders, subjects, labels, errors: each text of the corpus in each place. */
    @Test
    void hostile_texts_stay_texts() {
        try (TestUi hostile = new TestUi()) {
            AccountStory its = new AccountStory(hostile);
            browser.signIn(hostile, TestApi.KEY);
            for (String text : HOSTILE) {
                poison(hostile, its, text);
                browser.open(hostile.url(its.path()));
                requireHarmless("the account, " + text);
                browser.open(hostile.url("/ui/accounts"));
                requireHarmless("the list, " + text);
                browser.open(
                        hostile.url(
                                "/ui/accounts?text="
                                        + java.net.URLEncoder.encode(
                                                text, StandardCharsets.UTF_8)));
                requireHarmless("the search, " + text);
                browser.open(hostile.url(its.path()));
                browser.click("form[action$='/trace'] button");
                requireHarmless("the trace, " + text);
                assertThat(browser.text()).as(text).contains("What was said");
            }
        }
    }

    private static void poison(TestUi hostile, AccountStory its, String text) {
        hostile.api.watch.hostile = text;
        hostile.api.watch.fail(FailureCode.PROTOCOL_ERROR, text);
        hostile.api.watch.past =
                List.of(
                        new PastCheck(
                                Result.FAILED,
                                CheckTrigger.POLL,
                                Instant.now(),
                                9,
                                2,
                                Instant.now(),
                                0,
                                FailureCode.PROTOCOL_ERROR,
                                text));
        hostile.api
                .database
                .jdbi()
                .useHandle(handle -> {
                    handle.execute(
                            """
                            update account set address = ?, ref = null, host = ?, username = ?, failure_code = 'protocol_error',
                                failure_message = ?, failure_since = now(), failure_attempts = 3, state = 'retrying',
                                labels = jsonb_build_object(?::text, ?::text), mailboxes = array[?]
                            where id = ?::uuid\
                            """,
                            text,
                            text,
                            text,
                            text,
                            text,
                            text,
                            text,
                            its.account);
                    handle.execute(
                            "update mailbox set name = ?, top_uid = ? where account_id = ?::uuid",
                            text,
                            "412",
                            its.account);
                    handle.execute("update webhook set url = ?, last_error = ?", text, text);
                    handle.execute("update delivery set last_error = ?", text);
                    handle.execute(
                            """
                            update event set payload = jsonb_build_object('data', jsonb_build_object('mailbox', ?::text, 'newCount', 1,
                                'envelopes', jsonb_build_array(jsonb_build_object('subject', ?::text))))::text\
                            """,
                            text,
                            text);
                    handle.execute(
                            "update client set name = ? where id = ?::uuid", text, its.client);
                });
    }

    private static void requireHarmless(String where) {
        assertThat(browser.script("return typeof window.hurt")).as(where).isEqualTo("undefined");
        assertThat(
                        browser.script(
                                """
                                return [...document.querySelectorAll('*')].filter(it =>
                                    it.localName === 'xss-probe' || it.localName === 'img' && !it.src.includes('/ui/assets/')
                                    || [...it.attributes].some(a => a.name.startsWith('on') || a.name === 'autofocus')
                                    || /^\\s*javascript:/i.test(it.getAttribute('href') || '')
                                    || (it.localName === 'script' && !it.src.includes('/ui/assets/')))
                                  .map(it => it.outerHTML)\
                                """))
                .as(where)
                .isEqualTo(List.of());
        assertThat(browser.complaints())
                .as(where)
                .noneMatch(it -> it.contains("hurt") || it.contains("Content Security Policy"));
    }

    @Test
    void the_pages_can_be_read_at_every_width_and_by_everybody() {
        browser.signIn(ui, ui.keyOf(story.client, "read", "write"));
        ui.api.watch.dialogue = AccountStory.dialogue();
        PageVisits visits = new PageVisits(browser);
        visits.visit(
                ui,
                List.of(
                        new Showcase.Page("account-list", "/ui/accounts"),
                        new Showcase.Page("account-page", story.path()),
                        new Showcase.Page("account-remove", story.path() + "/remove")),
                "");
        visits.narrow();
        browser.open(ui.url(story.path()));
        browser.click("form[action$='/trace'] button");
        visits.look("account-trace");
        assertThat(visits.faults()).isEmpty();
    }
}
