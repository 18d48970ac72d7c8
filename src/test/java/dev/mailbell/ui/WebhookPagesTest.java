package dev.mailbell.ui;

import static dev.mailbell.api.HttpCaller.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.api.event.EventStreams;
import dev.mailbell.client.PortalToken;
import dev.mailbell.event.EventType;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the pages of webhooks, deliveries, events, clients and audit show to whom, and refuse. */
class WebhookPagesTest {
    private static TestUi ui;
    private static HooksShowcase acme;

    @BeforeAll
    static void start() {
        ui = new TestUi();
        acme = new HooksShowcase(ui);
    }

    @AfterAll
    static void stop() {
        ui.close();
    }

    private static Visitor signedIn(String key) {
        Visitor visitor = new Visitor(ui.api.port());
        assertThat(visitor.signIn(key).statusCode()).isEqualTo(303);
        return visitor;
    }

    private static Visitor client(String... scopes) {
        return signedIn(ui.keyOf(acme.client, scopes));
    }

    private static Visitor operator() {
        return signedIn(TestApi.KEY);
    }

    private static HttpResponse<String> openLink(Visitor visitor, String token) {
        return visitor.post("/ui/portal", "token", token, "csrf", visitor.token("/ui/portal"));
    }

    private static HttpResponse<String> act(
            Visitor visitor, String page, String path, String... fields) {
        String[] all = new String[fields.length + 2];
        System.arraycopy(fields, 0, all, 0, fields.length);
        all[fields.length] = "csrf";
        all[fields.length + 1] = visitor.token(page);
        return visitor.post(path, all);
    }

    private static String location(HttpResponse<String> response) {
        return response.headers().firstValue("Location").orElse("");
    }

    private static List<String> actions() {
        String webhook = "/ui/webhooks/" + acme.webhook;
        return List.of(
                webhook + "/test",
                webhook + "/enable",
                webhook + "/disable",
                webhook + "/rotate",
                webhook + "/recover",
                "/ui/deliveries/" + acme.failed + "/redeliver");
    }

    private static List<String> clientActions() {
        String client = "/ui/clients/" + acme.client;
        return List.of(
                client + "/keys",
                client + "/keys/" + acme.firstKey() + "/rotate",
                client + "/keys/" + acme.firstKey() + "/revoke",
                "/ui/clients");
    }

    private static String rows() {
        return ui.api
                .database
                .jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select md5(string_agg(w::text, '' order by w.id)) || (select count(*) from api_key)
                                            || (select count(*) from client where erasing_since is null) || (select string_agg(status, '' order by id) from delivery)
                                        from webhook w\
                                        """)
                                .mapTo(String.class)
                                .one());
    }

    @Test
    void a_client_sees_its_own_and_another_clients_ids_give_404() {
        Visitor own = client("read", "write");
        assertThat(own.get("/ui/webhooks").body()).contains("Order desk", "crm.example.net");
        assertThat(own.get("/ui/deliveries").body()).contains("/ui/deliveries/" + acme.failed);
        assertThat(own.get("/ui/webhooks/" + acme.webhook).body())
                .contains("Success rate", "Duration", "hooks.example.org");
        assertThat(own.get("/ui/deliveries/" + acme.failed).body())
                .contains("upstream is away", "the connection was refused", "Invoice 4711");
        assertThat(own.get("/ui/events").body()).contains("Invoice 4711");

        Visitor stranger = signedIn(ui.newKey("read", "write", "audit:read", "portal:write"));
        assertThat(stranger.get("/ui/webhooks").body()).doesNotContain("Order desk");
        assertThat(stranger.get("/ui/deliveries").body()).doesNotContain(acme.failed.toString());
        assertThat(stranger.get("/ui/events").body()).doesNotContain("Invoice 4711");
        assertThat(stranger.get("/ui/audit").body()).doesNotContain(acme.client);
        String before = rows();
        for (String path :
                List.of(
                        "/ui/webhooks/" + acme.webhook,
                        "/ui/deliveries/" + acme.failed,
                        "/ui/clients/" + acme.client)) {
            assertThat(stranger.get(path).statusCode()).as(path).isEqualTo(404);
        }
        for (String path : actions()) {
            assertThat(act(stranger, "/ui/webhooks", path).statusCode()).as(path).isEqualTo(404);
        }
        assertThat(
                        act(
                                        stranger,
                                        "/ui/webhooks",
                                        "/ui/clients/" + acme.client + "/portal-links")
                                .statusCode())
                .isEqualTo(404);
        for (String list :
                List.of(
                        "/ui/deliveries?webhook=" + acme.webhook,
                        "/ui/deliveries?account=" + acme.account,
                        "/ui/deliveries?client=" + acme.client,
                        "/ui/webhooks?client=" + acme.client,
                        "/ui/events?client=" + acme.client)) {
            assertThat(stranger.get(list).body())
                    .as(list)
                    .doesNotContain("Order desk", "Invoice 4711", acme.failed.toString());
        }
        // Its own entries name the paths that it has tried.
        assertThat(stranger.get("/ui/audit?client=" + acme.client).body())
                .contains(acme.failed.toString())
                .doesNotContain("/ui/clients/" + acme.client + "/keys", "POST /v1/webhooks<");
        assertThat(rows()).isEqualTo(before);
    }

    @Test
    void what_a_key_may_not_do_is_not_there_and_is_refused() {
        Visitor reader = client("webhooks:read");
        String page = reader.get("/ui/webhooks/" + acme.webhook).body();
        assertThat(page)
                .doesNotContain("/rotate", "/test", "/recover", "/disable", "Clients", "/ui/audit");
        String delivery = reader.get("/ui/deliveries/" + acme.failed).body();
        assertThat(delivery)
                .contains("Your key may not read events")
                .doesNotContain("/redeliver", "Invoice 4711", "ann@example.org", "/ui/accounts/");
        Visitor writer = client("read", "write", "portal:write");
        String before = rows();
        for (String path : actions()) {
            assertThat(act(reader, "/ui/webhooks", path).statusCode()).as(path).isEqualTo(403);
        }
        for (String path : clientActions()) {
            assertThat(act(reader, "/ui/webhooks", path).statusCode()).as(path).isEqualTo(403);
        }
        for (String path : List.of("/ui/events", "/ui/events/stream", "/ui/audit", "/ui/clients")) {
            assertThat(reader.get(path).statusCode()).as(path).isEqualTo(403);
        }
        for (String path : clientActions()) {
            assertThat(act(writer, "/ui/webhooks", path).statusCode()).as(path).isEqualTo(403);
        }
        assertThat(writer.get("/ui/clients/" + acme.client).body()).doesNotContain("/keys");
        assertThat(rows()).isEqualTo(before);
    }

    @Test
    void who_may_not_change_webhooks_sees_the_beginning_of_their_urls_alone() {
        Visitor reader = client("read");
        Visitor writer = client("read", "write");
        String webhook = "/ui/webhooks/" + acme.webhook;
        assertThat(reader.get(webhook).body())
                .contains("https://hooks.example.org")
                .doesNotContain("/orders", "token=abc");
        assertThat(writer.get(webhook).body())
                .contains("https://hooks.example.org/orders?token=abc");
        for (String page : List.of("/ui/overview", "/ui/accounts/" + acme.account)) {
            assertThat(reader.get(page).body())
                    .as(page)
                    .contains("https://crm.example.net")
                    .doesNotContain("crm.example.net/inbox", "token=abc");
            assertThat(writer.get(page).body()).contains("https://crm.example.net/inbox");
        }
    }

    @Test
    void a_form_without_its_token_or_of_another_site_changes_nothing() {
        Visitor visitor = operator();
        String token = visitor.token("/ui/webhooks");
        String other = client("read").token("/ui/webhooks");
        String before = rows();
        List<String> all = new java.util.ArrayList<>(actions());
        all.addAll(clientActions());
        for (String path : all) {
            assertThat(visitor.post(path).statusCode()).as(path).isEqualTo(403);
            assertThat(visitor.post(path, "csrf", other).statusCode()).as(path).isEqualTo(403);
            visitor.with("Sec-Fetch-Site", "cross-site");
            assertThat(visitor.post(path, "csrf", token).statusCode()).as(path).isEqualTo(403);
            visitor.without("Sec-Fetch-Site");
        }
        assertThat(rows()).isEqualTo(before);
    }

    @Test
    void a_revoked_key_ends_its_pages_and_its_stream() throws Exception {
        var key = ui.api.newKey(acme.client, "read");
        Visitor visitor = signedIn(key.required("key").stringValue());
        try (Stream stream = new Stream(visitor, "/ui/events/stream")) {
            assertThat(stream.next()).contains("<tr id=\"event-");
            ui.api
                    .client()
                    .delete(
                            "/v1/clients/"
                                    + acme.client
                                    + "/keys/"
                                    + key.required("id").stringValue());
            stream.awaitEnd();
        }
        HttpResponse<String> after = visitor.get("/ui/webhooks");
        assertThat(after.statusCode()).isEqualTo(303);
        assertThat(location(after)).startsWith("/ui/sign-in").contains("ended");
    }

    @Test
    void pages_take_no_stream_of_a_program() throws Exception {
        String client = ui.api.newClient();
        List<Stream> open = new ArrayList<>();
        try {
            for (int session = 0; session < 2; session++) {
                Visitor visitor = signedIn(ui.keyOf(client, "events:read"));
                for (int i = 0; i < EventStreams.MAX_PAGES_PER_SESSION; i++) {
                    open.add(new Stream(visitor, "/ui/events/stream"));
                }
                HttpResponse<String> refused = visitor.get("/ui/events/stream");
                assertThat(refused.statusCode()).isEqualTo(429);
                assertThat(refused.headers().firstValue("Retry-After")).isPresent();
            }
            assertThat(open).hasSize(EventStreams.MAX_PAGES_PER_CLIENT);
            Visitor third = signedIn(ui.keyOf(client, "events:read"));
            assertThat(third.get("/ui/events/stream").statusCode()).isEqualTo(429);
            HttpCaller program = ui.api.withKey(ui.keyOf(client, "events:read"));
            assertThat(program.exchange("HEAD", "/v1/events/stream", "").statusCode())
                    .isEqualTo(200);
        } finally {
            open.forEach(Stream::close);
        }
    }

    /** A stream of events as a browser reads it. */
    private static final class Stream implements AutoCloseable {
        private final HttpURLConnection connection;
        private final BufferedReader reader;

        Stream(Visitor visitor, String path) throws IOException {
            connection =
                    (HttpURLConnection)
                            URI.create("http://127.0.0.1:" + ui.api.port() + path)
                                    .toURL()
                                    .openConnection();
            connection.setReadTimeout(180_000);
            connection.setRequestProperty(
                    "Cookie",
                    visitor.cookies.entrySet().stream()
                            .map(cookie -> cookie.getKey() + "=" + cookie.getValue())
                            .collect(Collectors.joining("; ")));
            assertThat(connection.getContentType()).isEqualTo("text/event-stream");
            reader =
                    new BufferedReader(
                            new InputStreamReader(
                                    connection.getInputStream(), StandardCharsets.UTF_8));
        }

        /** The next event as it is on the wire. */
        String next() throws IOException {
            StringBuilder event = new StringBuilder();
            while (true) {
                String line = reader.readLine();
                if (line == null) {
                    throw new IOException("the stream has ended");
                }
                event.append(line).append('\n');
                if (line.isEmpty()) {
                    if (event.indexOf("id: ") >= 0) {
                        return event.toString();
                    }
                    event.setLength(0);
                }
            }
        }

        void awaitEnd() throws IOException {
            while (reader.readLine() != null) {
                continue;
            }
        }

        @Override
        public void close() {
            connection.disconnect();
        }
    }

    @Test
    void the_stream_goes_on_after_an_event_and_carries_rows() throws Exception {
        Visitor visitor = client("events:read");
        String page = visitor.get("/ui/events").body();
        Matcher source = Pattern.compile("data-stream=\"([^\"]+)\"").matcher(page);
        assertThat(source.find()).isTrue();
        String path = source.group(1).replace("&amp;", "&");
        UUID id = acme.event(EventType.MAIL_NEW, 2);
        try (Stream stream = new Stream(visitor, path)) {
            assertThat(stream.next())
                    .contains("id: " + id, "2 new messages: Invoice 4711")
                    .doesNotContain("/ui/accounts/");
        }
    }

    @Test
    void the_operator_sees_all_clients_and_the_audit_log_says_whose_it_changed() {
        Visitor visitor = operator();
        assertThat(visitor.get("/ui/webhooks").body()).contains("Order desk", "acme-mail");
        assertThat(visitor.get("/ui/deliveries?status=failed&statusCode=5xx").body())
                .contains(acme.failed.toString());
        String page = "/ui/webhooks/" + acme.webhook;
        HttpResponse<String> tested = act(visitor, page, page + "/test");
        assertThat(tested.body()).contains("The test failed", "answered <strong>500</strong>");
        var audit =
                json(
                        ui.api
                                .client()
                                .with("Mailbell-Client", acme.client)
                                .get("/v1/audit?action=POST%20/ui/webhooks/%7Bid%7D/test"));
        assertThat(audit.at("/items/0/keyId").stringValue()).isEqualTo("operator");
        assertThat(audit.at("/items/0/resource").stringValue()).isEqualTo(page + "/test");
        assertThat(client("audit:read").get("/ui/audit").body()).contains(page + "/test");
    }

    @Test
    void a_secret_is_shown_once() {
        Visitor visitor = operator();
        String page = "/ui/webhooks/" + acme.failing;
        assertThat(act(visitor, page, page + "/rotate").body()).contains("whsec_");
        assertThat(visitor.get(page).body()).doesNotContain("whsec_");
        String client = "/ui/clients/" + acme.client;
        HttpResponse<String> made =
                act(visitor, client, client + "/keys", "name", "web", "scopes", "read");
        Matcher key = Pattern.compile("mbk_[A-Za-z0-9_-]{38}").matcher(made.body());
        assertThat(key.find()).isTrue();
        assertThat(made.headers().firstValue("Cache-Control")).contains("no-store");
        assertThat(ui.api.withKey(key.group()).get("/v1/webhooks").statusCode()).isEqualTo(200);
        assertThat(visitor.get(client).body()).contains("web").doesNotContain(key.group());
    }

    @Test
    void a_wrong_form_says_what_is_wrong_and_keeps_what_was_typed() {
        Visitor visitor = operator();
        String client = "/ui/clients/" + acme.client;
        HttpResponse<String> refused =
                act(
                        visitor,
                        client,
                        client + "/keys",
                        "name",
                        "web <two>",
                        "expiresAt",
                        "2020-01-01T00:00");
        assertThat(refused.statusCode()).isEqualTo(422);
        assertThat(refused.body()).contains("must be in the future", "scopes", "web &lt;two>");
        String page = "/ui/webhooks/" + acme.webhook;
        assertThat(act(visitor, page, page + "/recover", "since", "yesterday").statusCode())
                .isEqualTo(422);
        assertThat(visitor.get("/ui/deliveries?statusCode=lots&since=then&account=7").body())
                .contains("Give a status as 503 or 5xx, or none", "Give a date and a time")
                .contains("This is no id of an account");
    }

    @Test
    void deliveries_are_sent_again() {
        Visitor visitor = client("read", "write");
        String page = "/ui/deliveries/" + acme.failed;
        assertThat(location(act(visitor, page, page + "/redeliver"))).isEqualTo(page);
        assertThat(visitor.get(page).body()).contains("It is sent again", "pending");
        acme.execute(
                "update delivery set status = 'failed', completed_at = now() where id = ?",
                acme.failed);
        String webhook = "/ui/webhooks/" + acme.failing;
        assertThat(
                        location(
                                act(
                                        visitor,
                                        webhook,
                                        webhook + "/recover",
                                        "since",
                                        "2026-01-01T00:00:00")))
                .isEqualTo(webhook);
        assertThat(visitor.get(webhook).body()).contains("1 delivery is sent again");
        acme.execute(
                "update delivery set status = 'failed', completed_at = now() where id = ?",
                acme.failed);
    }

    @Test
    void a_portal_link_opens_once_and_shows_what_its_scopes_allow() {
        Visitor maker = client("read", "portal:write", "audit:read");
        String page = "/ui/clients/" + acme.client;
        assertThat(location(maker.get("/ui/clients"))).isEqualTo(page);
        HttpResponse<String> made =
                act(
                        maker,
                        page,
                        page + "/portal-links",
                        "name",
                        "Ben",
                        "scopes",
                        "webhooks:read",
                        "expiresIn",
                        "PT15M");
        Matcher link = Pattern.compile("/ui/portal#(mbp_[A-Za-z0-9_-]{43})").matcher(made.body());
        assertThat(link.find()).as(made.body()).isTrue();
        String token = link.group(1);

        Visitor hostile = new Visitor(ui.api.port()).with("Origin", "https://evil.example");
        assertThat(openLink(hostile, token).statusCode()).isEqualTo(403);
        Visitor ben = new Visitor(ui.api.port());
        assertThat(ben.get("/ui/portal").body()).contains("Open the link").doesNotContain(token);
        Visitor ofAnotherSite = new Visitor(ui.api.port());
        HttpResponse<String> withoutItsToken =
                ofAnotherSite.post("/ui/portal", "token", token, "csrf", ben.token("/ui/portal"));
        assertThat(withoutItsToken.statusCode()).isEqualTo(422);
        assertThat(withoutItsToken.body()).contains("This form was too old");
        assertThat(openLink(ben, token).statusCode()).isEqualTo(303);
        assertThat(openLink(new Visitor(ui.api.port()), token).statusCode()).isEqualTo(422);
        assertThat(ben.get("/ui/webhooks").body()).contains("Order desk", "portal link: Ben");
        assertThat(ben.get("/ui/events").statusCode()).isEqualTo(403);
        assertThat(ben.get("/ui/clients").statusCode()).isEqualTo(403);
        String webhook = "/ui/webhooks/" + acme.webhook;
        assertThat(act(ben, "/ui/webhooks", webhook + "/disable").statusCode()).isEqualTo(403);
        assertThat(maker.get("/ui/audit?action=POST+%2Fui%2Fportal").body())
                .contains("portal link: Ben")
                .doesNotContain(token);

        Matcher end =
                Pattern.compile("action=\"(/ui/clients/[^\"]+/portal-links/[^\"]+/end)\"")
                        .matcher(maker.get(page).body());
        while (end.find()) {
            act(maker, page, end.group(1));
        }
        await().untilAsserted(
                        () -> assertThat(ben.get("/ui/webhooks").statusCode()).isEqualTo(303));
    }

    @Test
    void guesses_of_portal_links_are_limited_by_their_address() {
        Visitor visitor = new Visitor(ui.api.port());
        String csrf = visitor.token("/ui/portal");
        double before = ui.api.rules.requestsPerSecond;
        ui.api.rules.requestsPerSecond = 0.001;
        try {
            int last = 0;
            for (int i = 0; i < 3; i++) {
                String guess = PortalToken.random().reveal();
                last = visitor.post("/ui/portal", "token", guess, "csrf", csrf).statusCode();
            }
            assertThat(last).isEqualTo(429);
        } finally {
            ui.api.rules.requestsPerSecond = before;
        }
    }

    @Test
    void a_portal_link_gives_no_more_than_its_maker_has_and_ends_with_the_client() {
        String client = ui.api.newClient();
        Visitor maker = signedIn(ui.keyOf(client, "webhooks:read", "portal:write"));
        String page = "/ui/clients/" + client;
        HttpResponse<String> refused =
                act(maker, page, page + "/portal-links", "scopes", "webhooks:write");
        assertThat(refused.statusCode()).isEqualTo(403);
        HttpResponse<String> made =
                act(maker, page, page + "/portal-links", "scopes", "webhooks:read");
        Matcher link = Pattern.compile("#(mbp_[A-Za-z0-9_-]{43})").matcher(made.body());
        assertThat(link.find()).isTrue();
        Visitor guest = new Visitor(ui.api.port());
        // A whole link may be pasted.
        openLink(guest, "https://mail.example/ui/portal#" + link.group(1));
        assertThat(guest.get("/ui/webhooks").statusCode()).isEqualTo(200);
        ui.api.client().delete("/v1/clients/" + client);
        await().untilAsserted(
                        () -> assertThat(guest.get("/ui/webhooks").statusCode()).isEqualTo(303));
    }
}
