package dev.mailbell.cli.emailengine;

import static dev.mailbell.api.HttpCaller.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;

/** An export of EmailEngine, taken over by a daemon and into a file. */
class ImportEmailEngineCommandTest {
    private static final TestApi API = new TestApi();

    @TempDir private Path directory;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final Map<String, String> environment = new TreeMap<>();
    private final String client = API.newClient();
    private final HttpCaller caller =
            API.callerOf(client, "accounts:read", "accounts:credentials", "webhooks:read");

    @AfterAll
    static void close() {
        API.close();
    }

    @BeforeEach
    void nameTheDaemon() {
        environment.put("MAILBELL_URL", "http://127.0.0.1:" + API.port());
        environment.put(
                "MAILBELL_KEY",
                API.newKey(client, "accounts:credentials").required("key").stringValue());
    }

    private int run(String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        int code =
                new CommandLine(new ImportEmailEngineCommand(environment::get))
                        .setExecutionExceptionHandler((failure, line, parsed) -> {
                            line.getErr().println(failure.getMessage());
                            return 1;
                        })
                        .setOut(new PrintWriter(out, true))
                        .setErr(new PrintWriter(err, true))
                        .execute(arguments);
        assertThat(out.toString() + err).doesNotContain("s3cret");
        return code;
    }

    private Path file(String... accounts) throws IOException {
        return Files.writeString(
                directory.resolve("accounts.json"), String.join("\n", accounts).replace('\'', '"'));
    }

    private static String account(String ref, String members) {
        return """
        {'account': '%s', 'email': '%s@example.org', 'path': 'INBOX',
         'imap': {'host': 'imap.example.org', 'port': 993, 'secure': true,
                  'auth': {'user': '%s', 'pass': 's3cret-word'}}%s}\
        """
                .formatted(ref, ref, ref, members);
    }

    private List<String> refs() {
        List<String> refs = new ArrayList<>();
        json(caller.get("/v1/accounts?limit=500"))
                .required("items")
                .forEach(account -> refs.add(account.required("ref").stringValue()));
        return refs;
    }

    @Test
    void a_dry_run_reports_and_changes_nothing() throws IOException {
        Path file =
                file(
                        account("ann", ""),
                        account("bob", ", 'path': '*'"),
                        account("eve", ", 'proxy': 'socks5://u:s3cret@127.0.0.1'"),
                        account("ann", ""));
        environment.clear();
        assertThat(run("--dry-run", file.toString())).isEqualTo(8);
        assertThat(out.toString())
                .isEqualToNormalizingNewlines(
                        """
                        note         bob: it watches all folders there; here INBOX
                        not carried  eve: it has a proxy of its own: configure it under network.egress and give its name by --egress
                        not carried  ann: it is in the file twice
                        4 accounts: 2 can be carried (1 with notes), 2 not carried.
                        Webhooks of all accounts are settings of EmailEngine and not in an export: make each of them here by mailbell webhooks add URL.
                        """);
        assertThat(refs()).isEmpty();
    }

    @Test
    void accounts_are_registered_and_a_second_run_adds_only_what_is_missing() throws IOException {
        // An array, as a script that collects accounts writes it.
        String many =
                IntStream.range(0, 450)
                        .mapToObj(i -> account("user-" + i, ""))
                        .collect(Collectors.joining(",", "[", "]"));
        assertThat(run("--envelopes", file(many).toString())).as(err.toString()).isZero();
        assertThat(out.toString()).contains("450 accounts: 450 registered, 0 not carried.");
        assertThat(refs()).hasSize(450).contains("user-0", "user-449");
        JsonNode one = json(caller.get("/v1/accounts?ref=user-7")).required("items").get(0);
        assertThat(one.at("/mail/host").stringValue()).isEqualTo("imap.example.org");
        assertThat(one.at("/watch/envelopes").booleanValue()).isTrue();
        assertThat(one.at("/state").stringValue()).isEqualTo("connecting");

        Path more =
                file(
                        account("user-7", ""),
                        account("late", ""),
                        "{'account': 'bad', 'email': 'not an @ddress', 'path': 'INBOX', 'imap':"
                                + " {'host': 'imap.example.org', 'port': 993, 'secure': true,"
                                + " 'auth': {'user': 'b', 'pass': 's3cret'}}}");
        assertThat(run(more.toString())).isEqualTo(8);
        assertThat(out.toString())
                .contains("not carried  bad: address ")
                .contains("3 accounts: 1 registered, 1 there already, 1 not carried.");
    }

    @Test
    void an_app_is_named_by_its_id_there_and_here() throws IOException {
        String app =
                TestApi.idOf(
                        API.client()
                                .with("Mailbell-Client", client)
                                .post(
                                        "/v1/oauth-apps",
                                        "{\"provider\": \"google\", \"clientId\": \"c\","
                                                + " \"clientSecret\": \"s3cret\"}"));
        Path file =
                file(
                        "{'accounts': [{'account': 'g', 'path': 'INBOX', 'oauth2': {'provider':"
                                + " 'AAAB', 'auth': {'user': 'ann@gmail.com'}, 'refreshToken':"
                                + " '1//s3cret'}, '_app': {'provider': 'gmail'}}]}");
        assertThat(run(file.toString())).isEqualTo(8);
        assertThat(out.toString()).contains("not carried  g:", "--app AAAB=ID");
        assertThat(run("--app", "AAAB=" + app, file.toString())).as(out.toString()).isZero();
        JsonNode account = json(caller.get("/v1/accounts?ref=g")).required("items").get(0);
        assertThat(account.at("/mail/auth").stringValue()).isEqualTo("oauth2");
        assertThat(account.at("/state").stringValue()).isEqualTo("connecting");
    }

    @Test
    void a_file_for_the_import_has_the_webhooks_of_single_accounts() throws IOException {
        Path file =
                file(
                        account("ann", ", 'webhooks': 'https://hooks.example.org/in?token=1'"),
                        account("bob", ", 'webhooks': 'https://hooks.example.org/in?token=1'"),
                        account("eve", ""));
        Path lines = directory.resolve("lines.ndjson");
        assertThat(run("--out", lines.toString(), file.toString())).as(err.toString()).isZero();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(lines)))
                .isEqualTo("rw-------");
        HttpCaller operator = API.client().with("Content-Type", "application/x-ndjson");
        for (String count : List.of("imported", "present")) {
            JsonNode result =
                    json(
                            operator.send(
                                    "POST",
                                    "/v1/clients/" + client + "/import",
                                    Files.readString(lines)));
            assertThat(result.at("/accounts/" + count).intValue()).as(count).isEqualTo(3);
            assertThat(result.at("/webhooks/" + count).intValue()).as(count).isEqualTo(1);
        }
        assertThat(refs()).containsExactlyInAnyOrder("ann", "bob", "eve");
        JsonNode webhook = json(caller.get("/v1/webhooks")).required("items").get(0);
        assertThat(webhook.at("/state").stringValue()).isEqualTo("disabled");
        assertThat(webhook.at("/accounts")).hasSize(2);
        assertThat(run("--out", lines.toString(), file.toString())).isEqualTo(1);
        assertThat(err.toString()).contains("exists: name another file");
    }

    @Test
    void a_file_that_cannot_be_read_leaves_nothing_behind() throws IOException {
        Path lines = directory.resolve("lines.ndjson");
        for (String broken :
                List.of(
                        account("ann", "") + "\n{'account': 's3cret",
                        "[" + account("ann", ""),
                        "s3cret",
                        "")) {
            assertThat(run("--out", lines.toString(), file(broken).toString())).isEqualTo(1);
            assertThat(err.toString()).containsAnyOf("line", "has no account");
            assertThat(lines).doesNotExist();
        }
    }

    @Test
    void a_key_with_a_line_break_and_a_password_in_the_address_are_not_shown() throws IOException {
        String file = file(account("ann", "")).toString();
        String key = environment.put("MAILBELL_KEY", "mbk_s3cret\nsecond line");
        assertThat(run(file)).isEqualTo(2);
        assertThat(err.toString()).contains("MAILBELL_KEY is not one line");
        environment.put("MAILBELL_KEY", key);
        String url = Objects.requireNonNull(environment.get("MAILBELL_URL"));
        for (String with :
                List.of(url.replace("//", "//ann:s3cret@"), url + "?k=s3cret", url + "#s3cret")) {
            environment.put("MAILBELL_URL", with);
            assertThat(run(file)).as(with).isEqualTo(2);
        }
        assertThat(refs()).isEmpty();
    }

    @Test
    void where_the_passwords_go_is_checked_first() throws IOException {
        String file = file(account("ann", "")).toString();
        assertThat(run("--url", "http://mailbell.example", file)).isEqualTo(2);
        assertThat(err.toString()).contains("must begin with https");
        assertThat(run("--url", "http://127.0.0.1.example.org", file)).isEqualTo(2);
        for (String url : List.of("ftp://127.0.0.1", "http://127.0.0.1/%", "http://[", "x y")) {
            environment.put("MAILBELL_URL", url);
            assertThat(run(file)).isEqualTo(2);
            assertThat(err.toString()).contains("the address of the API");
        }
        environment.put("MAILBELL_URL", "http://127.0.0.1:" + API.port());
        assertThat(run("--url", "http://127.0.0.1:1", "--out", "x", file)).isEqualTo(2);
        environment.put("MAILBELL_KEY", "mbk_wrong");
        assertThat(run(file)).isEqualTo(1);
        assertThat(err.toString()).contains("answered 401");
        environment.remove("MAILBELL_KEY");
        assertThat(run(file)).isEqualTo(2);
        assertThat(err.toString()).contains("MAILBELL_KEY");
        environment.remove("MAILBELL_URL");
        assertThat(run(file)).isEqualTo(2);
        assertThat(err.toString()).contains("--dry-run");
    }
}
