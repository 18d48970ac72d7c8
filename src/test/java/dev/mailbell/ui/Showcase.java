package dev.mailbell.ui;

import dev.mailbell.api.TestApi;
import dev.mailbell.status.LocalStatus;
import dev.mailbell.status.NodeStatus;
import dev.mailbell.status.NodeStatus.HostView;
import dev.mailbell.status.Point;
import dev.mailbell.watch.account.AccountModes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A daemon with something to see on each page, and the pages there are. */
final class Showcase {
    private static final int POINTS = 120;

    private final TestUi ui;
    private String client = "";
    private String account = "";

    Showcase(TestUi ui) {
        this.ui = ui;
    }

    /**
     * A page.
     *
     * @param name of its pictures
     * @param path below the server
     */
    record Page(String name, String path) {}

    /** All pages of the operator; a package with new ones adds them here. */
    List<Page> pages() {
        return List.of(
                new Page("overview", "/ui/overview"),
                new Page("accounts", "/ui/accounts?text=user"),
                new Page("account", "/ui/accounts/" + account),
                new Page("account-remove", "/ui/accounts/" + account + "/remove"),
                new Page("webhooks", "/ui/webhooks"),
                new Page("deliveries", "/ui/deliveries"),
                new Page("events", "/ui/events"),
                new Page("clients", "/ui/clients"),
                new Page("audit", "/ui/audit"),
                new Page("hosts", "/ui/hosts"),
                new Page("nodes", "/ui/nodes"),
                new Page("configuration", "/ui/configuration?all=yes"),
                new Page("not-found", "/ui/no-such-page"));
    }

    /** The client that has the accounts and webhooks. */
    String client() {
        return client;
    }

    /** Fills the tables and the memory. */
    void fill() {
        client = ui.api.newClient();
        var caller = ui.api.callerOf(client, "read", "write");
        account = TestApi.idOf(caller.post("/v1/accounts", TestApi.imap("first")));
        for (String url :
                List.of(
                        "https://hooks.example.org/mail",
                        "https://crm.example.net/inbox",
                        "https://old.example.com/hook")) {
            TestApi.idOf(
                    caller.post("/v1/webhooks", "{\"url\": \"" + url + "\", \"events\": [\"*\"]}"));
        }
        ui.api
                .database
                .jdbi()
                .useHandle(handle -> {
                    handle.execute("update account set state = 'watching'");
                    handle.execute(
                            """
                            insert into node (id, name, pid, version, configuration, exclusive, started_at, expires_at)
                            values (?, 'a', 1, '1.2.3', 'x', false, now(), now() + interval '1 day')\
                            """,
                            ui.api.members.self());
                    handle.execute(
                            "update shard set node = ?, since = now()", ui.api.members.self());
                    copies("", "watching", null, 1_204);
                    copies("imap.gmail.com", "retrying", "timeout", 31);
                    copies("imap.163.com", "parked", "auth_failed", 17);
                    copies("outlook.office365.com", "parked", "token_refused", 4);
                    copies("imap.qq.com", "paused", null, 9);
                    handle.execute(
                            """
                            update webhook set state = 'failing', healthy = false, failures = 14,
                                failing_since = now() - interval '42 minutes', last_error = 'answered 503'
                            where url like '%crm%'\
                            """);
                    handle.execute(
                            """
                            update webhook set state = 'disabled', healthy = false, failures = 300,
                                failing_since = now() - interval '5 days', last_error = 'the certificate has expired'
                            where url like '%old%'\
                            """);
                });
        ui.status = status(Instant.now());
    }

    /** Accounts like the first one. */
    private void copies(String host, String state, @Nullable String failure, int count) {
        ui.api
                .database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                insert into account select (jsonb_populate_record(a, jsonb_build_object(
                                    'id', gen_random_uuid(), 'ref', null, 'host', coalesce(nullif(?, ''), a.host),
                                    'address', 'user' || n || '@example.org', 'state', ?::text,
                                    'failure_code', ?::text, 'failure_message', 'as the server said',
                                    'failure_since', now() - interval '20 minutes', 'failure_attempts', 3))).*
                                from account a, generate_series(1, ?) n where a.ref = 'first'\
                                """,
                                host,
                                state,
                                failure,
                                count));
    }

    private static LocalStatus status(Instant now) {
        List<Point> points = new ArrayList<>();
        long first = now.getEpochSecond() - now.getEpochSecond() % Point.SECONDS;
        for (int i = POINTS - 1; i >= 0; i--) {
            double wave = 1 + 0.35 * Math.sin(i / 9.0) + 0.1 * Math.cos(i * 1.7);
            double posts = 240 * wave;
            points.add(
                    new Point(
                            first - (long) i * Point.SECONDS,
                            Point.SECONDS,
                            420 * wave,
                            i > 30 && i < 42 ? 96 : 4,
                            posts,
                            i > 30 && i < 42 ? 40 : 1,
                            List.of(
                                    posts * 0.72,
                                    posts * 0.95,
                                    posts * (i > 30 && i < 42 ? 0.96 : 0.995),
                                    posts,
                                    posts,
                                    posts,
                                    posts,
                                    posts),
                            i > 30 && i < 42 ? (42 - i) * 22 : 0.4,
                            25,
                            25 * 1.3));
        }
        List<HostView> hosts =
                List.of(
                        host("imap.gmail.com", 612, 540, 14, "timeout", 5, now),
                        host("imap.example.org", 180, 180, 0, null, 0, now),
                        host("outlook.office365.com", 301, 288, 0, "rate_limited", 0, now),
                        host("imap.163.com", 24, 0, 0, null, 0, now));
        NodeStatus node =
                new NodeStatus(
                        hosts, hosts.size(), new AccountModes(1_008, 196, 48), 4.2, false, points);
        return new LocalStatus() {
            @Override
            public NodeStatus now() {
                return node;
            }

            @Override
            public AccountModes modes(UUID client) {
                return node.modes();
            }
        };
    }

    private static HostView host(
            String name,
            int connections,
            int pushing,
            int waiting,
            @Nullable String failure,
            int inRow,
            Instant now) {
        return new HostView(
                name,
                connections,
                pushing,
                waiting,
                name.endsWith("example.org") ? 200 : null,
                connections / 200.0,
                inRow,
                failure,
                failure == null ? null : now.minusSeconds(75));
    }
}
