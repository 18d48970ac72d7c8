package dev.mailbell.api;

import static dev.mailbell.api.HttpCaller.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.mailbell.Ports;
import dev.mailbell.account.Account;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.Mailbox;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.config.ConfigurationLoader;
import dev.mailbell.config.reload.Reload;
import dev.mailbell.database.DatabaseException;
import dev.mailbell.database.FencedException;
import dev.mailbell.detection.PositionRefusedException;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.admission.NotWatchedException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Two nodes on one database: the first owns all accounts, the second passes commands on. */
class TwoNodesTest {
    private static final TestApi OWNER = new TestApi();
    private static final TestApi OTHER = new TestApi(OWNER);
    private static final String POSITION = "{\"uid\": \"30\", \"uidValidity\": 1}";

    private final String account = register("imap", "imap.example.org");
    private final UUID id = UUID.fromString(account);

    @AfterAll
    static void close() {
        OTHER.close();
        OWNER.close();
    }

    @BeforeEach
    void reset() {
        for (TestApi each : List.of(OWNER, OTHER)) {
            each.watch.command = () -> {};
            each.watch.failure = null;
            each.watch.positioned = TwoNodesTest::store;
            each.watch.commands.set(0);
            each.giveAllTo(OWNER.members.self());
        }
        OTHER.members.put(OWNER.members.self(), "a", address(OWNER.port()));
    }

    private static URI address(int port) {
        return URI.create("http://127.0.0.1:" + port);
    }

    private static String register(String protocol, String host) {
        return TestApi.idOf(
                OWNER.client()
                        .post(
                                "/v1/accounts",
                                """
                                {"address": "ann@example.org",
                                 "mail": {"protocol": "%s", "host": "%s", "username": "ann", "password": "s3cret-word"}}
                                """
                                        .formatted(protocol, host)));
    }

    /** As a recorded position is. */
    private static void store(Mailbox mailbox) {
        MailboxStore store = new MailboxStore(OWNER.database.jdbi());
        long version = store.find(mailbox.accountId(), mailbox.name()).orElseThrow().version();
        OWNER.database
                .jdbi()
                .useHandle(handle ->
                        MailboxStore.advance(
                                        mailbox.accountId(),
                                        mailbox.name(),
                                        version,
                                        mailbox.state(),
                                        Objects.requireNonNull(mailbox.lastCheckedAt()))
                                .update(handle.getConnection()));
    }

    private record Request(String method, String path, String body) {
        HttpResponse<String> send(TestApi to) {
            return to.client().exchange(method, path, body);
        }
    }

    private List<Request> commands() {
        return List.of(
                new Request("POST", "/v1/accounts/" + account + "/check", ""),
                new Request("POST", "/v1/accounts/" + account + "/trace?connect=new", ""),
                new Request("GET", "/v1/accounts/" + account + "/checks", ""),
                new Request(
                        "PUT", "/v1/accounts/" + account + "/mailboxes/INBOX/position", POSITION),
                new Request(
                        "PUT",
                        "/v1/accounts/" + account + "/mailboxes/INBOX/position",
                        "{\"all\": true}"));
    }

    private static final Map<String, RuntimeException> FAULTS = new LinkedHashMap<>();

    static {
        for (FailureCode code : FailureCode.values()) {
            FAULTS.put("a mail failure, " + code, new MailFailure(code, "the server said \"no\""));
        }
        FAULTS.put("no room", new NoRoomException("too many requests are under way"));
        FAULTS.put("not watched", new NotWatchedException());
        FAULTS.put(
                "a position of another time",
                new PositionRefusedException(
                        PositionRefusedException.Reason.OTHER_UIDVALIDITY, "it is 7"));
        FAULTS.put(
                "an unknown position",
                new PositionRefusedException(
                        PositionRefusedException.Reason.UNKNOWN_UID, "no check has seen it"));
        FAULTS.put("a fenced write", new FencedException());
        for (String state : List.of("57P01", "08006", "53100", "25006", "22021", "23503")) {
            FAULTS.put(
                    "SQLSTATE " + state,
                    new DatabaseException("no", new SQLException("the server is away", state)));
        }
    }

    /** All that a client sees of an answer, but what is new each time. */
    private static String shown(HttpResponse<String> response) {
        return response.statusCode()
                + " "
                + response.headers().firstValue("Content-Type").orElse("-")
                + " "
                + response.headers().firstValue("Retry-After").orElse("-")
                + " "
                + response.body();
    }

    @TestFactory
    Stream<DynamicTest> both_nodes_give_the_same_answers() {
        Map<String, Runnable> cases = new LinkedHashMap<>();
        cases.put("success", () -> {});
        FAULTS.forEach((name, fault) ->
                cases.put(
                        name,
                        () -> {
                            throw fault;
                        }));
        return cases.entrySet().stream()
                .map(entry ->
                        DynamicTest.dynamicTest(
                                entry.getKey(), () -> requireSameAnswers(entry.getValue())));
    }

    private void requireSameAnswers(Runnable command) {
        OWNER.watch.command = command;
        OTHER.watch.command =
                () -> {
                    throw new AssertionError("a command ran at a node that does not own it");
                };
        for (Request request : commands()) {
            if (!request.path().endsWith("/position") && isOfPositions(command)) {
                continue;
            }
            String here = shown(request.send(OWNER));
            Runnable same =
                    () ->
                            assertThat(shown(request.send(OTHER)))
                                    .as(request.toString())
                                    .isEqualTo(here);
            if (request.path().endsWith("/checks")) {
                // An owner that does not answer within three seconds counts as away.
                await().untilAsserted(same::run);
            } else {
                same.run();
            }
            assertThat(here).doesNotStartWith("500");
        }
    }

    private static boolean isOfPositions(Runnable command) {
        try {
            command.run();
            return false;
        } catch (RuntimeException e) {
            return e instanceof PositionRefusedException;
        }
    }

    @Test
    void a_failure_inside_the_owner_is_500_at_both_nodes() {
        OWNER.watch.command =
                () -> {
                    throw new IllegalStateException("s3cret");
                };
        Request check = commands().getFirst();
        assertThat(check.send(OWNER).statusCode()).isEqualTo(500);
        HttpResponse<String> forwarded = check.send(OTHER);
        assertThat(forwarded.statusCode()).isEqualTo(500);
        assertThat(forwarded.body()).doesNotContain("s3cret");
    }

    @Test
    void the_owner_learns_of_a_change_before_it_carries_a_command_out() {
        assertThat(OTHER.client().post("/v1/accounts/" + account + "/check").statusCode())
                .isEqualTo(200);
        assertThat(OWNER.watch.changed).contains(id);
    }

    @Test
    void a_pop3_login_that_is_watched_is_tried_by_its_owner_and_others_anywhere() {
        String host = UUID.randomUUID() + ".example.org";
        String login =
                """
                {"address": "ann@example.org",
                 "mail": {"protocol": "pop3", "host": "%s", "username": "ann", "password": "s3cret-other"}}
                """
                        .formatted(host);
        assertThat(OTHER.client().post("/v1/accounts/verify", login).statusCode()).isEqualTo(200);
        assertThat(OTHER.watch.commands).hasValue(1);
        assertThat(OWNER.watch.commands).hasValue(0);
        register("pop3", host);
        HttpResponse<String> forwarded = OTHER.client().post("/v1/accounts/verify", login);
        assertThat(OWNER.watch.commands).hasValue(1);
        assertThat(String.valueOf(OWNER.watch.verifiedSecret)).isEqualTo("Password[redacted]");
        assertThat(OWNER.watch.verifiedSecret).isEqualTo(new LoginSecret.Password("s3cret-other"));
        assertThat(shown(forwarded))
                .isEqualTo(shown(OWNER.client().post("/v1/accounts/verify", login)));
        OWNER.watch.fail(FailureCode.AUTH_FAILED, "the server said no");
        assertThat(shown(OTHER.client().post("/v1/accounts/verify", login)))
                .isEqualTo(shown(OWNER.client().post("/v1/accounts/verify", login)))
                .contains("auth_failed");
        assertThat(OTHER.watch.commands).hasValue(1);
    }

    @Test
    void what_only_the_owner_knows_is_in_the_answers_of_both() {
        for (String path : List.of("/v1/accounts/" + account, "/v1/accounts?limit=200")) {
            String here = OWNER.client().get(path).body();
            assertThat(here).contains("\"nextCheckAt\":\"2026-11-21T00:00:00.000Z\"");
            // An owner that does not answer within half a second costs its fields.
            await().untilAsserted(
                            () -> assertThat(OTHER.client().get(path).body()).isEqualTo(here));
        }
    }

    private void requireTakenOver(String path) {
        HttpResponse<String> answer = OTHER.client().post(path);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
        assertThat(answer.headers().firstValue("Retry-After")).contains("1");
        assertThat(OTHER.watch.commands).as("no second session").hasValue(0);
    }

    @Test
    void without_an_owner_the_command_is_to_be_tried_again() {
        OTHER.members.own(Account.shardOf(id), UUID.randomUUID());
        requireTakenOver("/v1/accounts/" + account + "/check");
    }

    @Test
    void an_owner_without_an_address_or_behind_a_closed_port_is_not_replaced() {
        OTHER.members.put(OWNER.members.self(), "a", null);
        requireTakenOver("/v1/accounts/" + account + "/check");
        try (Ports.Closed closed = new Ports.Closed()) {
            OTHER.members.put(OWNER.members.self(), "a", address(closed.port()));
            requireTakenOver("/v1/accounts/" + account + "/check");
        }
        assertThat(OWNER.watch.commands).hasValue(0);
    }

    @Test
    void an_owner_that_dies_after_it_accepted_a_check_is_not_replaced() throws Exception {
        try (ServerSocket dying = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual()
                    .start(() -> {
                        while (!dying.isClosed()) {
                            try (Socket accepted = dying.accept()) {
                                accepted.getInputStream().read(new byte[4096]);
                            } catch (IOException e) {
                                return;
                            }
                        }
                    });
            OTHER.members.put(OWNER.members.self(), "a", address(dying.getLocalPort()));
            requireTakenOver("/v1/accounts/" + account + "/check");
        }
    }

    @Test
    void an_answer_of_another_server_is_not_believed() throws IOException {
        HttpServer other =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        other.createContext(
                "/",
                exchange -> {
                    exchange.getRequestBody().readAllBytes();
                    byte[] body = "{\"value\": []}".getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(200, body.length);
                    exchange.getResponseBody().write(body);
                    exchange.close();
                });
        other.start();
        try {
            OTHER.members.put(OWNER.members.self(), "a", address(other.getAddress().getPort()));
            requireTakenOver("/v1/accounts/" + account + "/check");
        } finally {
            other.stop(0);
        }
    }

    @Test
    void a_command_follows_its_account_to_the_new_owner_once() {
        int shard = Account.shardOf(id);
        UUID self = null;
        try (TestApi third = new TestApi(OWNER)) {
            self = third.members.self();
            URI address = address(third.port());
            OTHER.members.put(third.members.self(), "c", address);
            OWNER.members.own(shard, third.members.self());
            OWNER.ownership.lose(shard);
            third.members.own(shard, third.members.self());
            third.ownership.acquire(shard, 2);
            assertThat(OTHER.client().post("/v1/accounts/" + account + "/check").statusCode())
                    .isEqualTo(200);
            assertThat(third.watch.commands).hasValue(1);
            // The new owner has lost it too.
            third.ownership.lose(shard);
            third.members.own(shard, UUID.randomUUID());
            requireTakenOver("/v1/accounts/" + account + "/check");
        } finally {
            // Null where the third node did not start, which is the failure to be shown.
            if (self != null) {
                for (TestApi node : List.of(OWNER, OTHER)) {
                    node.members.remove(self);
                }
            }
        }
    }

    @Test
    void a_command_comes_back_to_a_node_that_became_the_owner_meanwhile() {
        int shard = Account.shardOf(id);
        OWNER.ownership.lose(shard);
        OWNER.members.own(shard, OTHER.members.self());
        OTHER.ownership.acquire(shard, 2);
        OTHER.ownership.release(shard);
        // It is asked while the own view is behind, and owns the shard when the answer comes.
        HttpResponse<String> behind = OTHER.client().post("/v1/accounts/" + account + "/check");
        assertThat(behind.statusCode()).isEqualTo(503);
        OTHER.ownership.acquire(shard, 3);
        assertThat(OTHER.client().post("/v1/accounts/" + account + "/check").statusCode())
                .isEqualTo(200);
        assertThat(OTHER.watch.commands).hasValue(1);
        assertThat(OWNER.watch.commands).hasValue(0);
    }

    @Test
    void a_check_whose_account_moves_meanwhile_goes_on_at_the_new_owner() {
        int shard = Account.shardOf(id);
        OWNER.members.own(shard, OTHER.members.self());
        OWNER.watch.command =
                () -> {
                    OWNER.ownership.lose(shard);
                    OTHER.members.own(shard, OTHER.members.self());
                    OTHER.ownership.acquire(shard, 2);
                    throw new NotWatchedException();
                };
        assertThat(OWNER.client().post("/v1/accounts/" + account + "/check").statusCode())
                .isEqualTo(200);
        assertThat(OTHER.watch.commands).hasValue(1);
    }

    @Test
    void an_owner_that_cannot_be_reached_costs_its_fields_and_not_the_page() throws IOException {
        String mine = "/v1/accounts/" + account;
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            OTHER.members.put(OWNER.members.self(), "a", address(silent.getLocalPort()));
            long begun = System.nanoTime();
            HttpResponse<String> page = OTHER.client().get("/v1/accounts");
            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(json(page).at("/items/0/nextCheckAt").isNull()).isTrue();
            assertThat(json(OTHER.client().get(mine)).required("nextCheckAt").isNull()).isTrue();
            assertThat(Duration.ofNanos(System.nanoTime() - begun))
                    .isLessThan(Duration.ofSeconds(20));
        }
    }

    @Test
    void changes_at_a_node_that_does_not_own_the_account_need_no_other_node() {
        OTHER.members.put(OWNER.members.self(), "a", null);
        String path = "/v1/accounts/" + account;
        assertThat(OTHER.client().post(path + "/pause").statusCode()).isEqualTo(200);
        assertThat(OTHER.client().post(path + "/resume").statusCode()).isEqualTo(200);
        assertThat(OTHER.client().patch(path, "{\"labels\": {\"a\": \"b\"}}").statusCode())
                .isEqualTo(200);
        assertThat(OTHER.watch.watched).doesNotContainKey(id);
        assertThat(OTHER.client().delete(path).statusCode()).isEqualTo(204);
        String registered =
                TestApi.idOf(OTHER.client().post("/v1/accounts", TestApi.imap("r" + id)));
        assertThat(OTHER.watch.watched).doesNotContainKey(UUID.fromString(registered));
        assertThat(OTHER.watch.commands).hasValue(0);
    }

    @Test
    void each_change_of_an_account_raises_updatedAt() {
        List<String> times = new ArrayList<>();
        String path = "/v1/accounts/" + account;
        times.add(json(OTHER.client().get(path)).required("updatedAt").stringValue());
        for (String change : List.of("/pause", "/resume")) {
            times.add(json(OTHER.client().post(path + change)).required("updatedAt").stringValue());
        }
        assertThat(times).doesNotHaveDuplicates().isSorted();
    }

    @Test
    void requests_to_others_are_counted_by_command_and_result() {
        OTHER.client().post("/v1/accounts/" + account + "/check");
        OTHER.members.put(OWNER.members.self(), "a", null);
        OTHER.client().post("/v1/accounts/" + account + "/check");
        assertThat(OTHER.meters.scrape())
                .contains("forwarded_requests_total{command=\"check\",result=\"answered\"}")
                .contains("forwarded_requests_total{command=\"check\",result=\"unreachable\"}");
    }

    @Test
    void a_reload_reaches_all_nodes_and_tells_what_became_of_each() {
        Map<String, Integer> reloads = new ConcurrentHashMap<>();
        OWNER.reload = () -> counted(reloads, "a");
        OTHER.reload = () -> counted(reloads, "b");
        HttpResponse<String> same = OTHER.client().post("/v1/config/reload");
        assertThat(json(same).required("nodes").toString())
                .contains("\"name\":\"a\"", "\"configuration\":\"same\"");
        assertThat(reloads).containsEntry("a", 1).containsEntry("b", 1);
        OWNER.configuration = "fedcba987654";
        assertThat(OTHER.client().post("/v1/config/reload").body())
                .contains("\"configuration\":\"different\"");
        OWNER.reload =
                () -> {
                    new ConfigurationLoader(Path.of("."), Map.of()).load(Path.of("/no/such/file"));
                    throw new AssertionError("a file that does not exist was loaded");
                };
        assertThat(OTHER.client().post("/v1/config/reload").body())
                .contains("\"configuration\":\"refused\"");
        OTHER.members.put(OWNER.members.self(), "a", null);
        assertThat(OTHER.client().post("/v1/config/reload").body())
                .contains("\"configuration\":\"no_answer\"");
        OWNER.configuration = "0123456789ab";
    }

    private static Reload counted(Map<String, Integer> reloads, String node) {
        reloads.merge(node, 1, Integer::sum);
        return new Reload(List.of(), List.of());
    }

    @Test
    void the_operator_sees_the_nodes_and_shards_without_an_owner() {
        OWNER.database
                .jdbi()
                .useHandle(handle -> {
                    for (TestApi each : List.of(OWNER, OTHER)) {
                        handle.execute(
                                """
                                insert into node (id, name, pid, version, configuration, exclusive, started_at, expires_at)
                                values (?, 'x', 1, '1', 'y', false, now(), now() + ? * interval '1 second')\
                                """,
                                each.members.self(),
                                each == OWNER ? 60 : -60);
                    }
                    handle.execute("update shard set node = ?", OWNER.members.self());
                    handle.execute("update shard set node = ? where id < 10", OTHER.members.self());
                    handle.execute(
                            "update shard set node = null, since = '2026-11-20T23:59:07.123Z' where id < 3");
                });
        try {
            OTHER.members.put(OWNER.members.self(), "a", address(OWNER.port()), "fedcba987654");
            var stats = json(OTHER.client().get("/v1/stats"));
            assertThat(stats.at("/shards/unowned").intValue()).isEqualTo(10);
            assertThat(stats.at("/shards/unownedSince").stringValue())
                    .isEqualTo("2026-11-20T23:59:07.123Z");
            assertThat(stats.required("nodes").size()).isEqualTo(2);
            stats.required("nodes")
                    .forEach(node -> {
                        boolean owner = node.required("name").stringValue().equals("a");
                        assertThat(node.required("shards").intValue()).isEqualTo(owner ? 1014 : 0);
                        assertThat(node.required("configurationDiffers").booleanValue())
                                .isEqualTo(owner);
                    });
            assertThat(stats.at("/counts/takeovers").intValue()).isEqualTo(2);
        } finally {
            OWNER.database
                    .jdbi()
                    .useHandle(handle -> {
                        handle.execute("delete from node");
                        handle.execute("update shard set node = null");
                    });
        }
    }
}
