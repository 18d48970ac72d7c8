package dev.mailbell.cli.csv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.cli.Cli;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class ImportTest {
    private static final TestApi api = new TestApi();

    @TempDir private Path directory;

    private final String client = api.newClient();
    private final Cli cli = Cli.of("http://127.0.0.1:" + api.port(), TestApi.KEY);
    private final HttpCaller caller = api.client().with("Mailbell-Client", client);

    @AfterAll
    static void stop() {
        api.close();
    }

    private Path file(String text) throws IOException {
        return Files.writeString(directory.resolve(UUID.randomUUID() + ".csv"), text);
    }

    private Cli.Result run(Path file, String... more) {
        List<String> arguments =
                new ArrayList<>(
                        List.of("accounts", "import", file.toString(), "--client=" + client));
        arguments.addAll(List.of(more));
        return cli.run(arguments.toArray(String[]::new));
    }

    private JsonNode accounts() {
        return HttpCaller.json(caller.get("/v1/accounts")).path("items");
    }

    private JsonNode account(String ref) {
        return HttpCaller.json(caller.get("/v1/accounts?ref=" + ref)).path("items").path(0);
    }

    @Test
    void a_file_as_spreadsheets_write_it_is_imported() throws Exception {
        Path file =
                file(
                        "\ufeffRef,Address,Protocol,Host,Port,Security,Username,Password,Mailboxes,"
                                + "Interval,Envelopes,label.plan\r\n"
                                + "u1,ann@example.org,imap,imap.example.org,993,tls,ann,\"a \"\"b\"\", c"
                                + " \",INBOX; Work/2026,2m,yes,pro\r\n"
                                + "\r\n"
                                + "\"u\n2\",bob@example.org,pop3,pop.example.org,,,,secret,,,,\r\n"
                                + ",Jürgen@example.org,,imap.example.org,,,,secret,,,no,\r\n");
        Cli.Result result = run(file);
        // A ref with a line break is the API's to refuse; its row is that where it begins.
        assertThat(result.expect(8).out())
                .isEqualTo("2 registered, 0 updated, 0 already there, 1 failed, of 3 rows.\n");
        assertThat(result.err()).startsWith("line 4 (u\\n2): 400 invalid: ");
        JsonNode ann = account("u1");
        assertThat(ann.path("mail").path("username").stringValue()).isEqualTo("ann");
        assertThat(ann.path("mail").path("port").intValue()).isEqualTo(993);
        assertThat(ann.path("mailboxes").values())
                .extracting(JsonNode::stringValue)
                .containsExactly("INBOX", "Work/2026");
        assertThat(ann.path("watch").path("interval").stringValue()).isEqualTo("PT120S");
        assertThat(ann.path("watch").path("envelopes").booleanValue()).isTrue();
        assertThat(ann.path("labels").path("plan").stringValue()).isEqualTo("pro");
        // A row without a ref has its address for one.
        assertThat(accounts().path(1).path("ref").stringValue()).isEqualTo("Jürgen@example.org");
    }

    @Test
    void an_import_is_run_again_and_changes_what_is_there_only_when_asked() throws Exception {
        StringBuilder text = new StringBuilder("ref,address,host,password,label.run\n");
        for (int i = 0; i < 7; i++) {
            text.append("r%d,u%d@example.org,imap.example.org,secret,first\n".formatted(i, i));
        }
        Path half = file(text.substring(0, text.indexOf("r3")));
        assertThat(run(half, "--batch=2").expect(0).out()).startsWith("3 registered, 0 updated");
        Path whole = file(text.toString().replace("first", "second"));
        assertThat(run(whole, "--batch=2").expect(0).out())
                .isEqualTo("4 registered, 0 updated, 3 already there, 0 failed, of 7 rows.\n");
        assertThat(account("r0").path("labels").path("run").stringValue()).isEqualTo("first");
        assertThat(run(whole, "--update", "--batch=3").expect(0).out())
                .isEqualTo("0 registered, 7 updated, 0 already there, 0 failed, of 7 rows.\n");
        assertThat(account("r0").path("labels").path("run").stringValue()).isEqualTo("second");
        assertThat(accounts()).hasSize(7);

        List<JsonNode> json = run(whole, "--json").expect(0).json();
        assertThat(json).hasSize(7).allMatch(line -> line.path("status").intValue() == 409);
        assertThat(json.get(2).path("line").intValue()).isEqualTo(4);
        assertThat(json.get(2).path("problem").path("type").stringValue()).endsWith(":ref-taken");
    }

    @Test
    void a_check_names_every_fault_with_its_line_and_sends_nothing() throws Exception {
        Path file =
                file(
                        """
                        ref,address,host,port,push,interval,password
                        a,ann@example.org,imap.example.org,many,perhaps,soon,s3cret
                        b,,imap.example.org,,,,s3cret
                        c,carl@example.org,imap.example.org,,,,"s3cret
                        on two lines"
                        a,dora@example.org,imap.example.org,,,,s3cret
                        e,eve@example.org,imap.example.org,,,,s3cret,s3cret
                        """);
        Cli.Result result = run(file, "--check").expect(1);
        assertThat(result.err().lines())
                .containsExactly(
                        "line 2 (a): port is not a number; push is neither true nor false; interval is"
                                + " not a duration such as 2m",
                        "line 3 (b): address is empty",
                        "line 6 (a): ref is that of line 2",
                        "line 7 (e): has 8 cells instead of 7: a cell with the separator needs quotes");
        assertThat(result.out()).isEqualTo("5 rows, 4 with faults; nothing was sent.\n");
        assertThat(result.out() + result.err()).doesNotContain("s3cret");
        assertThat(accounts()).isEmpty();
    }

    @Test
    void failures_are_reported_as_csv_without_secrets() throws Exception {
        Path file =
                file(
                        "ref;address;host;port;password\n"
                                + "a;ann@example.org;imap.example.org;many;s3cret\n"
                                + "b;\"not; an address\";imap.example.org;;s3cret\n"
                                + "c;carl@example.org;x.internal.example;;s3cret\n"
                                + "d;dora@example.org;imap.example.org;;s3cret\n");
        Path report = directory.resolve("failures.csv");
        Cli.Result result = run(file, "--separator=;", "--report=" + report, "--batch=1");
        assertThat(result.expect(8).out()).startsWith("1 registered");
        List<String> lines = Files.readAllLines(report);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(report)))
                .isEqualTo("rw-------");
        assertThat(run(file, "--separator=;", "--report=" + report).expect(2).err())
                .contains("exists: name a new file");
        assertThat(lines.getFirst()).isEqualTo("line,ref,address,status,code,message");
        assertThat(lines.get(1)).isEqualTo("2,a,ann@example.org,,invalid,\"port is not a number\"");
        assertThat(lines.get(2)).startsWith("3,b,\"not; an address\",400,invalid,");
        assertThat(lines.get(3)).startsWith("4,c,carl@example.org,422,");
        assertThat(lines).hasSize(4).noneMatch(line -> line.contains("s3cret"));
        assertThat(result.err()).isEmpty();
    }

    @Test
    void a_file_that_is_no_such_csv_is_refused_with_the_line() throws Exception {
        assertThat(run(file("")).expect(2).err()).contains("line 1: the file is empty");
        assertThat(run(file("adress,host\n")).expect(2).err())
                .contains("line 1: no column is called \"adress\"; there are ref, address,");
        assertThat(run(file("address;host\n")).expect(2).err()).contains("--separator");
        assertThat(run(file("address,host,Host\n")).expect(2).err())
                .contains("the column host is there twice");
        assertThat(run(file("host\n")).expect(2).err()).contains("the column address is missing");
        assertThat(
                        run(file("address,password\na@b.org,x\na@b.org,\"s3cret\nand more\n"))
                                .expect(2)
                                .err())
                .contains("line 3: a quoted cell of the row that begins here is not closed")
                .doesNotContain("s3cret");
        assertThat(run(file("address,password\na@b.org,\"s3\"cret\n")).expect(2).err())
                .contains("line 2: a closing quote is followed by more")
                .doesNotContain("cret\n");
        Path latin = directory.resolve("latin.csv");
        Files.write(
                latin,
                "address\na@b.org\nj\u00fcrgen@b.org\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(run(latin).expect(2).err()).contains("line 3: is not UTF-8");
        assertThat(run(directory.resolve("none.csv")).expect(2).err()).contains("cannot be read");
        assertThat(accounts()).isEmpty();
    }

    @Test
    void a_batch_that_is_refused_as_a_whole_is_halved_to_the_row_that_is_the_reason()
            throws Exception {
        // Two of them have more values than a request may have, and each has too many mailboxes.
        String many = "a" + ";a".repeat(110_000);
        Path file =
                file(
                        "ref,address,host,password,mailboxes,label.note\n"
                                + "a,ann@example.org,imap.example.org,secret,,\n"
                                + "b,bob@example.org,imap.example.org,secret,"
                                + many
                                + ",\n"
                                + "c,carl@example.org,imap.example.org,secret,"
                                + many
                                + ",\n"
                                + "d,dora@example.org,imap.example.org,secret,,"
                                + "y".repeat(1_048_500)
                                + "\n"
                                + "e,eve@example.org,imap.example.org,secret,,\n");
        Cli.Result result = run(file).expect(8);
        assertThat(result.out()).startsWith("2 registered");
        assertThat(result.err())
                .contains("line 3 (b): 400 invalid", "line 4 (c): 400 invalid", "line 5 (d): 413");
        assertThat(accounts()).hasSize(2);
    }

    @Test
    void a_key_that_is_refused_breaks_the_import_off() throws Exception {
        Path file = file("address,host,password\nann@example.org,imap.example.org,secret\n");
        Cli.Result result =
                cli.with("MAILBELL_KEY", "mbk_wrong").run("accounts", "import", file.toString());
        assertThat(result.expect(5).err())
                .contains("broken off: 0 registered", "1 not sent, of 1 rows", "(401)");
    }
}
