package dev.mailbell.api;

import static dev.mailbell.api.TestApi.idOf;
import static dev.mailbell.api.TestApi.imap;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.delivery.SentEvents;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.watch.AnnouncedEvents;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Clients generated from the contract compile and call the API's operations. The build generates
 * those for Java and Python into {@code target/clients}.
 */
class ClientsTest {
    private static final Path SOURCES = Path.of("src/test/clients").toAbsolutePath();
    private static final Path GENERATED = Path.of("target/clients").toAbsolutePath();
    private static final TestApi API = new TestApi();

    @TempDir private static Path keys;
    private static Event disabled;

    @BeforeAll
    static void disableOne() throws Exception {
        try (SentEvents sent = new SentEvents(keys)) {
            disabled = sent.disabled().getFirst();
        }
    }

    @AfterAll
    static void close() {
        API.close();
    }

    /**
     * Makes a client with an event of each type and a webhook that one of them could not be
     * delivered to.
     *
     * @return the arguments of a round
     */
    private static List<String> arguments() {
        UUID tenant = Ids.next();
        HttpCaller caller = API.client().with("Mailbell-Client", tenant.toString());
        API.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "insert into client (id, name) values (?, ?)",
                                tenant,
                                tenant.toString()));
        UUID account =
                UUID.fromString(
                        idOf(
                                caller.post(
                                        "/v1/accounts",
                                        imap("earlier").replace("\"pro\"", "\"earlier\""))));
        String webhook =
                idOf(
                        caller.post(
                                "/v1/webhooks",
                                "{\"url\": \"https://example.org/\", \"events\": [\"*\"]}"));
        for (EventType type : EventType.values()) {
            switch (type) {
                case WEBHOOK_TEST -> {
                    // Not in the feed.
                }
                case WEBHOOK_DISABLED -> happened(tenant, disabled);
                default ->
                        AnnouncedEvents.of(type, tenant, account)
                                .forEach(event -> happened(tenant, event));
            }
        }
        API.awaitFeed();
        undelivered(tenant, webhook);
        return List.of("http://127.0.0.1:" + API.port(), TestApi.KEY, tenant.toString(), webhook);
    }

    private static void happened(UUID tenant, Event event) {
        API.database
                .jdbi()
                .useTransaction(handle ->
                        EventStore.insert(
                                        new Event(
                                                Ids.next(),
                                                tenant,
                                                event.accountId(),
                                                event.type(),
                                                event.createdAt(),
                                                event.payload()))
                                .update(handle.getConnection()));
    }

    /** A delivery as delivery leaves it after its first attempt. */
    private static void undelivered(UUID tenant, String webhook) {
        UUID id = Ids.next();
        API.database
                .jdbi()
                .useTransaction(handle -> {
                    handle.execute(
                            """
                            insert into delivery (id, webhook_id, event_id, account_id, mailbox, shard, status, attempts, next_attempt_at, created_at)
                            select ?, ?::uuid, id, account_id, 'INBOX', 0, 'pending', 1, now(), now()
                            from event where client_id = ? and type = 'mail.new' order by id limit 1\
                            """,
                            id,
                            webhook,
                            tenant);
                    handle.execute(
                            """
                            insert into attempt (delivery_id, number, at, duration_ms, status, error, answer)
                            values (?, 1, now(), 31, 503, 'the receiver answered 503', 'no')\
                            """,
                            id);
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"native", "okhttp"})
    void a_java_client_calls_the_api(String library, @TempDir Path classes) throws Exception {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "-nowarn",
                                "-proc:none",
                                "-cp",
                                classPath(),
                                "-d",
                                classes.toString()));
        command.addAll(javaFiles(generated(library).resolve("src")));
        command.addAll(javaFiles(SOURCES.resolve("java").resolve(library)));
        command.addAll(javaFiles(SOURCES.resolve("java/shared")));
        int faults =
                ToolProvider.getSystemJavaCompiler()
                        .run(null, null, null, command.toArray(String[]::new));
        assertThat(faults).as("faults that javac printed").isZero();
        try (URLClassLoader loader =
                new URLClassLoader(
                        new URL[] {classes.toUri().toURL()}, getClass().getClassLoader())) {
            loader.loadClass("round.Round")
                    .getMethod("main", String[].class)
                    .invoke(null, (Object) arguments().toArray(String[]::new));
        }
    }

    private static Path generated(String client) {
        Path directory = GENERATED.resolve(client);
        assertThat(directory)
                .as("the client that \"mvn process-test-classes\" generates")
                .isDirectory();
        return directory;
    }

    private static List<String> javaFiles(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            List<String> found =
                    files.map(Path::toString).filter(name -> name.endsWith(".java")).toList();
            assertThat(found).as(directory.toString()).isNotEmpty();
            return found;
        }
    }

    private static String classPath() {
        return System.getProperty(
                "surefire.test.class.path", System.getProperty("java.class.path"));
    }

    /** Those whose pydantic is there, and the client that is for its version. */
    private static Map<Path, String> pythons() throws Exception {
        Map<Path, String> found = new LinkedHashMap<>();
        for (String directory : System.getenv("PATH").split(File.pathSeparator, -1)) {
            Path python = Path.of(directory, "python3");
            if (Files.isExecutable(python) && !found.containsKey(python.toRealPath())) {
                String version =
                        Program.run(
                                        Path.of("/"),
                                        List.of(
                                                python.toString(),
                                                "-c",
                                                """
                                                try:
                                                    import pydantic, urllib3, dateutil, typing_extensions
                                                    print(pydantic.VERSION.split(".")[0])
                                                except ImportError:
                                                    print("none")
                                                """))
                                .strip();
                if (!version.equals("none")) {
                    found.put(
                            python.toRealPath(),
                            version.equals("1") ? "python-pydantic-v1" : "python");
                }
            }
        }
        return found;
    }

    /**
     * Debian 12 has pydantic 1 alone, later ones have pydantic 2: each Python on the path makes the
     * round with the generator for what it has.
     */
    @Test
    void a_python_client_calls_the_api() throws Exception {
        Map<Path, String> pythons = pythons();
        assertThat(pythons)
                .as(
                        "a Python with Debian's packages python3-pydantic, python3-urllib3,"
                                + " python3-dateutil and python3-typing-extensions")
                .isNotEmpty();
        for (Map.Entry<Path, String> python : pythons.entrySet()) {
            List<String> command =
                    new ArrayList<>(
                            List.of(
                                    "env",
                                    "PYTHONPATH=" + generated(python.getValue()),
                                    python.getKey().toString(),
                                    "-B",
                                    "round.py"));
            command.addAll(arguments());
            assertThat(Program.run(SOURCES.resolve("python"), command))
                    .as(python.toString())
                    .endsWith("the round is made\n");
        }
    }

    @Test
    void a_typescript_client_calls_the_api() throws Exception {
        // No .d.ts: the compiler need not check those of the libraries.
        NodeTools.run("openapi-typescript", "openapi.yaml", "--output", "mailbell.ts");
        NodeTools.run("tsc");
        List<String> command = new ArrayList<>(List.of("node", "compiled/round.js"));
        command.addAll(arguments());
        assertThat(Program.run(NodeTools.home(), command)).endsWith("the round is made\n");
    }
}
