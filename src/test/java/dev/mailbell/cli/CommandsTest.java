package dev.mailbell.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import com.sun.net.httpserver.HttpServer;
import dev.mailbell.Patience;
import dev.mailbell.Ports;
import dev.mailbell.cli.terminal.Terminal;
import dev.mailbell.e2e.DaemonProcess;
import dev.mailbell.e2e.Rest;
import dev.mailbell.mail.servers.TestGreenMail;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Commands against a daemon that runs, with a mail server and a receiver of webhooks. */
@ExtendWith(Patience.class)
class CommandsTest {
    private static final String HOSTILE = "no\u001b]0;owned\u0007\u009b2J\u202e";

    @TempDir private static Path dataDir;

    private static GreenMail mail;
    private static HttpServer receiver;
    private static volatile int status = 200;
    private static DaemonProcess daemon;
    private static Rest rest;
    private static Cli cli;

    @BeforeAll
    static void start() throws IOException {
        Patience.withGreenMail();
        mail = TestGreenMail.of(ServerSetup.PROTOCOL_IMAP);
        mail.start();
        receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext(
                "/",
                exchange -> {
                    byte[] body = HOSTILE.getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(status, body.length);
                    exchange.getResponseBody().write(body);
                    exchange.close();
                });
        receiver.start();
        daemon =
                DaemonProcess.start(
                        dataDir,
                        Map.of(
                                "MAILBELL_NETWORK_ALLOW_PRIVATE", "127.0.0.0/8",
                                "MAILBELL_NETWORK_ALLOW_CLEARTEXT", "127.0.0.1"));
        rest = daemon.rest();
        cli = Cli.of(rest.uri().toString(), DaemonProcess.KEY);
    }

    @AfterAll
    static void stop() throws Exception {
        daemon.close();
        receiver.stop(0);
        mail.stop();
    }

    /** A user at the mail server; the password is the name. */
    private static String user() {
        String name = "u" + UUID.randomUUID();
        mail.setUser(name + "@example.org", name, name);
        return name;
    }

    private static String[] add(String user, String... more) {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "accounts",
                                "add",
                                user + "@example.org",
                                "--host=127.0.0.1",
                                "--port=" + mail.getImap().getPort(),
                                "--security=none",
                                "--user=" + user));
        arguments.addAll(List.of(more));
        return arguments.toArray(String[]::new);
    }

    private static String hook() {
        return "http://127.0.0.1:" + receiver.getAddress().getPort() + "/";
    }

    @Test
    void an_account_is_added_shown_checked_paused_resumed_and_removed() {
        String user = user();
        String id = cli.answering(user).ok(add(user, "--ref=" + user, "--label", "plan=pro"));
        assertThat(rest.account(id).path("ref").stringValue()).isEqualTo(user);
        await().until(() -> rest.stateOf(id).equals("watching"));

        // The documents are exactly those of the API.
        Cli.Result shown = cli.run("accounts", "show", user, "--json").expect(0);
        JsonNode document = rest.account(id);
        assertThat(shown.json()).hasSize(1);
        assertThat(shown.json().getFirst().propertyNames()).isEqualTo(document.propertyNames());
        assertThat(shown.json().getFirst().path("mail")).isEqualTo(document.path("mail"));
        assertThat(cli.ok("accounts", "show", id))
                .contains("state: watching", "plan: pro", "  username: " + user, "mailboxMarks:")
                .doesNotContain("password:");
        assertThat(cli.ok("accounts", "list", "--ref=" + user))
                .contains("ID  ", id + "  watching", user + "@example.org", "127.0.0.1");
        assertThat(
                        cli.run("accounts", "list", "--label=plan=pro", "--ref=" + user, "--json")
                                .json())
                .hasSize(1)
                .allMatch(account -> account.path("id").stringValue().equals(id));
        assertThat(cli.run("accounts", "list", "--label=plan=free", "--json").lines()).isEmpty();

        assertThat(cli.ok("accounts", "mailboxes", id)).contains("MAILBOX", "INBOX");
        assertThat(cli.ok("accounts", "check", id)).contains("MAILBOX", "INBOX");
        assertThat(cli.run("accounts", "check", id, "--json").json().getFirst().path("mailboxes"))
                .hasSize(1);

        assertThat(cli.ok("accounts", "pause", user)).contains("is paused.");
        Cli.Result paused = cli.run("accounts", "check", id).expect(5);
        assertThat(paused.err()).contains("refused by the API (409 paused)");
        assertThat(cli.ok("accounts", "resume", user)).contains("is connecting.");

        Cli.Result some = cli.run("accounts", "remove", user, "nobody").expect(8);
        assertThat(some.out()).contains("Removed " + user + "@example.org (" + user + ").");
        assertThat(some.err()).contains("nobody: there is no account with this id or ref");
        assertThat(cli.run("accounts", "show", id).expect(7).err()).contains("no account");
    }

    @Test
    void a_password_comes_from_a_prompt_a_file_a_variable_or_the_input_and_never_as_an_argument()
            throws IOException {
        String user = user();
        Path file = Files.writeString(dataDir.resolve(user), user + "\nsecond line\n");
        String[] verify = add(user);
        verify[1] = "verify";
        for (Cli.Result result :
                List.of(
                        cli.answering(user).run(verify),
                        cli.reading(user + "\n").run(with(verify, "--password-file=-")),
                        cli.run(with(verify, "--password-file=" + file)),
                        cli.with("PASSWORD", user).run(with(verify, "--password-env=PASSWORD")))) {
            assertThat(result.expect(0).out()).contains("ok: true", "INBOX");
        }
        assertThat(cli.run(verify).expect(2).err())
                .contains("no terminal to ask", "--password-file");
        assertThat(cli.run(with(verify, "--password=" + user)).expect(2).err())
                .contains("Unknown option");
        assertThat(cli.run(with(verify, "--password-env=NOT_SET")).expect(2).err())
                .contains("NOT_SET is not set");
        Cli.Result wrong = cli.answering("wrong").run(verify).expect(1);
        assertThat(wrong.out())
                .contains("ok: false", "code: auth_failed")
                .doesNotContain("wrong\n");
        assertThat(
                        cli.reading("{\"address\": 1, \"mail\": \"s3cret\" oops")
                                .run("accounts", "add", "--from=-")
                                .expect(2)
                                .err())
                .contains("is not JSON, at line 1")
                .doesNotContain("s3cret");
        assertThat(
                        cli.reading("{\"address\": \"x\"}")
                                .run("accounts", "add", "--from=-")
                                .expect(5)
                                .err())
                .contains("(400 invalid)", "\n  mail: ", "\n  address: ");
    }

    private static String[] with(String[] arguments, String more) {
        String[] all = Arrays.copyOf(arguments, arguments.length + 1);
        all[arguments.length] = more;
        return all;
    }

    @Test
    void webhooks_and_their_deliveries_are_managed() {
        List<String> added =
                cli.run("webhooks", "add", hook(), "--event=*", "--description=of this test")
                        .expect(0)
                        .lines();
        String id = added.get(0).substring("id: ".length());
        assertThat(added.get(1)).startsWith("secret: whsec_");
        status = 200;
        assertThat(cli.ok("webhooks", "test", id)).startsWith("Delivered: answered 200 after ");
        status = 500;
        Cli.Result failed = cli.run("webhooks", "test", id).expect(1);
        assertThat(failed.out()).startsWith("Not delivered: answered 500");
        status = 200;

        assertThat(cli.ok("webhooks", "list")).contains(id + "  ", hook());
        assertThat(cli.ok("webhooks", "show", id))
                .contains("description: of this test")
                .doesNotContain("whsec_");
        assertThat(cli.ok("webhooks", "disable", id)).isEqualTo(hook() + " is disabled.");
        assertThat(cli.ok("webhooks", "enable", id)).isEqualTo(hook() + " is enabled.");
        assertThat(cli.ok("webhooks", "rotate-secret", id)).startsWith("whsec_");

        // Its account's events are delivered, and the receiver answers them.
        String user = user();
        cli.answering(user).ok(add(user));
        await().until(() ->
                cli.run("deliveries", "list", id, "--status=delivered", "--json").lines().size()
                        >= 2);
        List<JsonNode> deliveries =
                cli.run("deliveries", "list", id, "--status=delivered", "--since=1h", "--json")
                        .expect(0)
                        .json();
        assertThat(deliveries)
                .isNotEmpty()
                .allMatch(delivery -> delivery.path("webhookId").stringValue().equals(id));
        String delivery = deliveries.getFirst().path("id").stringValue();
        assertThat(cli.ok("deliveries", "list", "--status=delivered")).contains("ID  ", "STATUS");

        // What a receiver answers reaches no terminal as it is.
        Cli.Result shown = cli.run("deliveries", "show", delivery).expect(0);
        assertThat(shown.out()).contains("2J\\u202e");
        Cli.Result document = cli.run("deliveries", "show", delivery, "--json").expect(0);
        assertThat(shown.out() + document.out())
                .doesNotContain("\u001b", "\u0007", "\u009b", "\u202e");
        assertThat(document.json().getFirst().path("attempts").path(0).path("answer"))
                .isEqualTo(
                        rest.get("/v1/deliveries/" + delivery)
                                .expect(200)
                                .path("attempts")
                                .path(0)
                                .path("answer"));

        assertThat(cli.ok("deliveries", "redeliver", delivery)).contains("is due now");
        assertThat(cli.ok("deliveries", "recover", id, "--since=2h")).contains("are sent again");
        assertThat(cli.run("deliveries", "list", id, "--since=soon").expect(2).err())
                .contains("neither a time");
        assertThat(cli.ok("webhooks", "remove", id)).contains("Removed");
        assertThat(cli.run("webhooks", "show", id).expect(7).err()).contains("(404 not-found)");
    }

    @Test
    void events_are_listed() {
        String user = user();
        String id = cli.answering(user).ok(add(user));
        await().until(() ->
                cli.run("events", "list", "--account=" + id, "--json").lines().size() == 2);
        List<JsonNode> events =
                cli.run("events", "list", "--account=" + id, "--json").expect(0).json();
        JsonNode feed = rest.get("/v1/events?accountId=" + id).expect(200).path("items");
        assertThat(events).containsExactlyElementsOf(feed.values());
        assertThat(cli.ok("events", "list", "--account=" + id, "--since=1h"))
                .contains("account.connected  " + user + "@example.org", "mailbox.baseline");
        assertThat(cli.ok("events", "list", "--account=" + id, "--limit=1").lines()).hasSize(1);
        String first = events.getFirst().path("id").stringValue();
        assertThat(cli.ok("events", "list", "--account=" + id, "--after=" + first).lines())
                .hasSize(1);
        assertThat(cli.run("events", "list", "--since=1h", "--after=" + first).expect(2).err())
                .contains("exclude each other");
    }

    @Test
    void the_status_is_printed_once_and_as_json() {
        // On a busy machine a heartbeat may be late, and the node not ready until the next one.
        await().untilAsserted(() ->
                assertThat(cli.ok("status"))
                        .contains("Mailbell at " + rest.uri(), "\nready: ")
                        .contains("All 1024 shards have an owner."));
        assertThat(cli.ok("status"))
                .contains("NODE", "SHARDS", "sessions with mail servers", "takeovers: 0")
                .doesNotContain("\u001b");
        List<JsonNode> json = cli.run("status", "--json").expect(0).json();
        assertThat(json).hasSize(1);
        assertThat(json.getFirst().path("nodes")).hasSize(1);
        // On a terminal it is coloured, and fits.
        await().untilAsserted(() ->
                assertThat(cli.on(new Terminal(40, true)).ok("status", "--once"))
                        .contains("\u001b[32mready\u001b[0m")
                        .doesNotContain("CONFIGURATION"));
        assertThat(cli.run("status", "--once", "--watch").expect(2).err()).contains("exclude");
    }

    @Test
    void clients_and_their_keys_are_managed_by_the_api_and_a_client_sees_its_own_accounts() {
        String name = "client " + UUID.randomUUID();
        String client = cli.ok("clients", "add", name);
        assertThat(cli.ok("clients", "list")).contains(client + "  " + name + "  active");
        assertThat(cli.ok("clients", "show", name)).contains("name: " + name, "limits:");
        String text = cli.ok("api-keys", "add", name, "--name=web", "--scopes=read", "--days=2");
        assertThat(text).startsWith("mbk_");
        assertThat(cli.ok("api-keys", "list", client)).contains("BEGINNING", text.substring(0, 10));
        String key =
                cli.run("api-keys", "list", name, "--json")
                        .json()
                        .getFirst()
                        .path("id")
                        .stringValue();

        Cli own = cli.with("MAILBELL_KEY", text);
        assertThat(own.run("accounts", "list", "--json").expect(0).lines()).isEmpty();
        Cli.Result refused = own.run("webhooks", "add", hook()).expect(5);
        assertThat(refused.err()).contains("(403 missing-scope)", "webhooks:write");
        assertThat(own.run("status").expect(5).err()).contains("403");
        // The operator acts for the client.
        String webhook =
                cli.run("webhooks", "add", hook(), "--client=" + name)
                        .expect(0)
                        .lines()
                        .getFirst()
                        .substring("id: ".length());
        assertThat(own.ok("webhooks", "list")).contains(webhook);
        assertThat(cli.ok("webhooks", "list")).doesNotContain(webhook);

        String rotated = cli.ok("api-keys", "rotate", name, key);
        assertThat(own.with("MAILBELL_KEY", rotated).run("accounts", "list").exitCode()).isZero();
        assertThat(cli.ok("api-keys", "revoke", name, key)).isEqualTo("The key is revoked.");
        Cli.Result revoked = own.run("accounts", "list").expect(5);
        assertThat(revoked.err())
                .contains("does not accept the key of MAILBELL_KEY (401)")
                .doesNotContain(text);
        assertThat(cli.run("clients", "erase", name).expect(2).err()).contains("--yes");
        assertThat(cli.ok("clients", "erase", name, "--yes")).contains("is being erased");
        assertThat(cli.run("accounts", "list", "--client=no such client").expect(7).err())
                .contains("no client with this id or name");
    }

    @Test
    void a_message_names_what_to_do() throws IOException {
        try (Ports.Closed closed = new Ports.Closed()) {
            Cli.Result away =
                    cli.with("MAILBELL_URL", "http://127.0.0.1:" + closed.port())
                            .run("accounts", "list");
            assertThat(away.expect(6).err())
                    .startsWith("mailbell: http://127.0.0.1:")
                    .contains("connection refused", "does the daemon run there", "MAILBELL_URL");
        }
        Cli withoutKey = cli.with("MAILBELL_KEY", null);
        assertThat(withoutKey.run("accounts", "list").expect(5).err())
                .contains("needs a key (401): set MAILBELL_KEY");
        Path file = Files.writeString(dataDir.resolve("key-file"), DaemonProcess.KEY + "\n");
        assertThat(withoutKey.run("accounts", "list", "--key-file=" + file).exitCode()).isZero();
        assertThat(
                        withoutKey
                                .with("MAILBELL_KEY_FILE", file.toString())
                                .run("accounts", "list")
                                .exitCode())
                .isZero();
        assertThat(
                        withoutKey
                                .reading(DaemonProcess.KEY)
                                .run("accounts", "list", "--key-file=-")
                                .exitCode())
                .isZero();
        assertThat(withoutKey.run("accounts", "list", "--key=wrong_key_of_a_test").expect(5).err())
                .contains("the key of --key")
                .doesNotContain("wrong_key_of_a_test");
        assertThat(withoutKey.run("accounts", "list", "--key-file=/nowhere").expect(2).err())
                .contains("there is no such file");
        assertThat(cli.with("MAILBELL_KEY", "two\nlines").run("accounts", "list").expect(2).err())
                .contains("not one line")
                .doesNotContain("two");
        assertThat(cli.run("accounts", "list", "--url=http://u:p4ss@127.0.0.1").expect(2).err())
                .contains("must not hold a password")
                .doesNotContain("p4ss");
        assertThat(cli.run("accounts", "list", "--url=ftp://x").expect(2).err())
                .contains("must be like https://");
        // A receiver of webhooks is not Mailbell.
        assertThat(cli.run("accounts", "list", "--url=" + hook()).expect(6).err())
                .contains("not JSON", "is --url right?");
    }

    @Test
    void a_tail_ends_with_0_at_an_interrupt() throws Exception {
        String user = user();
        cli.answering(user).ok(add(user));
        Path printed = dataDir.resolve("tail.jsonl");
        ProcessBuilder builder =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "-cp",
                                System.getProperty(
                                        "surefire.test.class.path",
                                        System.getProperty("java.class.path")),
                                Main.class.getName(),
                                "events",
                                "tail",
                                "--all",
                                "--json")
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .redirectOutput(printed.toFile());
        builder.environment().put("MAILBELL_URL", rest.uri().toString());
        builder.environment().put("MAILBELL_KEY", DaemonProcess.KEY);
        Process tail = builder.start();
        try {
            await().until(() -> Files.readString(printed).lines().count() >= 2);
            Process kill =
                    new ProcessBuilder("kill", "-" + interrupt(), Long.toString(tail.pid()))
                            .inheritIO()
                            .start();
            assertThat(kill.waitFor()).isZero();
            assertThat(tail.waitFor(180, TimeUnit.SECONDS)).isTrue();
            assertThat(tail.exitValue()).isZero();
        } finally {
            tail.destroyForcibly();
        }
    }

    /** SIGINT; or SIGTERM, which ends it alike, where who started this test ignores the first. */
    private static String interrupt() throws IOException {
        String mask =
                Files.readAllLines(Path.of("/proc/self/status")).stream()
                        .filter(line -> line.startsWith("SigIgn:"))
                        .findFirst()
                        .orElseThrow()
                        .substring("SigIgn:".length())
                        .strip();
        return (Long.parseUnsignedLong(mask, 16) >>> 1 & 1) == 1 ? "TERM" : "INT";
    }
}
