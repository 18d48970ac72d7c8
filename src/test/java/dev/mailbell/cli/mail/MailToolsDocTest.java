package dev.mailbell.cli.mail;

import static org.assertj.core.api.Assertions.assertThat;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import dev.mailbell.mail.dovecot.Dovecot;
import dev.mailbell.mail.dovecot.Maildir;
import dev.mailbell.mail.scripted.TestTls;
import dev.mailbell.mail.servers.TestGreenMail;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The transcripts of docs/mail-tools.md are what the commands print. With {@code
 * -Dmailbell.docs=write} they are written anew.
 */
class MailToolsDocTest {
    private static final Path DOCUMENT = Path.of("docs/mail-tools.md");
    private static final Pattern BLOCK =
            Pattern.compile("<!-- typed: ([a-z0-9-]+) -->\n```\n(.*?)```\n", Pattern.DOTALL);
    private static final String ANN = "ann@example.org";

    private final GreenMail greenMail =
            TestGreenMail.of(ServerSetup.PROTOCOL_SMTP, ServerSetup.PROTOCOL_POP3);
    private final Map<String, String> typed = new LinkedHashMap<>();

    @TempDir private Path directory;

    @BeforeEach
    void start() throws IOException {
        Files.writeString(directory.resolve("password"), Dovecot.PASSWORD + "\n");
        Files.writeString(directory.resolve("ca.pem"), TestTls.caPem());
        Files.writeString(
                directory.resolve("letter.txt"), "Hello Bob,\n\nsee the report. Schöne Grüße!\n");
        Files.writeString(directory.resolve("report.pdf"), "%PDF-1.7 not really\n");
        greenMail.start();
        greenMail.setUser("bob@example.org", "bob", Dovecot.PASSWORD);
    }

    @AfterEach
    void stop() {
        greenMail.stop();
    }

    /** Runs a command; $ marks files of the directory. */
    private void type(
            String name,
            Function<Surroundings, Object> command,
            String verb,
            String input,
            int port,
            String arguments) {
        String[] words = arguments.split(" ");
        for (int i = 0; i < words.length; i++) {
            words[i] =
                    words[i].replace("$", directory + "/")
                            .replace("PORT", Integer.toString(port))
                            .replace("~", " ");
        }
        Typed result = Typed.run(command, input, words);
        typed.put(
                name,
                "$ mailbell "
                        + verb
                        + " "
                        + shown(arguments).replaceAll("\\buser\\d+\\b", "ann")
                        + "\n"
                        + normalized(echoed(result.text(), input))
                        + "$ echo $?\n"
                        + result.code()
                        + "\n");
    }

    /** What was typed is shown behind its prompt, as on a terminal. */
    private static String echoed(String text, String input) {
        String rest = text;
        StringBuilder result = new StringBuilder();
        for (String line : input.lines().toList()) {
            int prompt = rest.indexOf("> ");
            while (prompt > 0 && rest.charAt(prompt - 1) != '\n') {
                prompt = rest.indexOf("> ", prompt + 2);
            }
            if (prompt < 0) {
                break;
            }
            result.append(rest, 0, prompt + 2).append(line).append('\n');
            rest = rest.substring(prompt + 2);
        }
        return result.append(rest).toString();
    }

    private static String shown(String arguments) {
        return arguments
                .replace("$", "")
                .replaceAll("(\\S*~\\S*)", "\"$1\"")
                .replace('~', ' ')
                .replace(":PORT", "")
                .replaceAll("--port=PORT ", "");
    }

    /** Replaces what differs from run to run. */
    private String normalized(String text) {
        return text.replace(directory + "/", "")
                .replaceAll("(?m)^( *)\\d+\\.\\d{3} (C:|S:|--) ", "$10.012 $2 ")
                .replaceAll("\\d+\\.\\d ms", "1.2 ms")
                .replaceAll("\\(\\d+\\.\\d+ \\+ [0-9.+ ]+ secs\\)", "(0.001 + 0.000 secs)")
                .replaceAll("127\\.0\\.0\\.1:\\d{4,5}", "127.0.0.1:PORT")
                .replaceAll("\"port\":\\d{4,5}", "\"port\":PORT")
                .replaceAll("(C: |S: )[A-Z]+(\\d+ )", "$1A$2")
                .replaceAll("TAG \"[A-Z]+", "TAG \"A")
                .replaceAll("20\\d\\d-\\d\\d-\\d\\dT[0-9:]+Z", "2026-11-29T10:00:00Z")
                .replaceAll("[A-Za-z0-9+/]{43}=", "jWfSbHLfY9J2u3bJ8wJcIYcC4DmYYXHCjTzvHdBn1kE=")
                .replaceAll("UIDVALIDITY \\d+", "UIDVALIDITY 1795946400")
                .replaceAll("\\buser\\d+\\b", "ann")
                .replaceAll("<[0-9a-f-]{36}@", "<e1b2ff5c-7a0c-4f4f-9a55-0b7f4d1c6a10@")
                .replaceAll("[0-9,]+ octets", "1,234 octets")
                .replaceAll("\\b(?<uid>0{7}[0-9a-f])[0-9a-f]{8}\\b", "${uid}6b0c0999")
                .replaceAll("SIZE=\\d+", "SIZE=1234")
                .replaceAll("(?m)^((?:C: )?.*Date: ).*$", "$1Sun, 29 Nov 2026 10:00:00 +0000 (UTC)")
                .replaceAll("=_Part_\\S+?\"", "=_Part_1\"")
                .replaceAll("(?m)[ ]+$", "");
    }

    @Test
    void the_transcripts_are_what_the_commands_print() throws IOException {
        Dovecot dovecot = Dovecot.shared();
        Maildir mail = dovecot.freshUser();
        mail.deliver(2);
        String login = " -u ann --password-file $password";
        String user = " -u " + mail.user() + " --password-file $password";
        probe("probe-imap", dovecot.imapsPort(), "imap 127.0.0.1 --port=PORT --ca $ca.pem" + user);
        probe("probe-pop3", dovecot.pop3sPort(), "pop3 127.0.0.1 --port=PORT --ca $ca.pem" + user);
        probe("probe-untrusted", dovecot.imapsPort(), "imap 127.0.0.1 --port=PORT" + login);
        type(
                "send",
                SendCommand::new,
                "send",
                "",
                greenMail.getSmtp().getPort(),
                "-v --server 127.0.0.1:PORT --security none --from "
                        + ANN
                        + " -s Grüße~an~Bob -m $letter.txt -a $report.pdf bob@example.org");
        type(
                "recv",
                RecvCommand::new,
                "recv",
                "list\nshow 1\nquit\n",
                greenMail.getPop3().getPort(),
                "127.0.0.1 --port=PORT --security none -u bob --password-file $password --save"
                        + " $mail");

        String document = Files.readString(DOCUMENT);
        String current =
                BLOCK.matcher(document)
                        .replaceAll(block ->
                                Matcher.quoteReplacement(
                                        "<!-- typed: "
                                                + block.group(1)
                                                + " -->\n```\n"
                                                + typed.get(block.group(1))
                                                + "```\n"));
        if ("write".equals(System.getProperty("mailbell.docs"))) {
            Files.writeString(DOCUMENT, current);
        }
        assertThat(BLOCK.matcher(document).results().map(block -> block.group(1)))
                .containsExactlyElementsOf(typed.keySet());
        assertThat(current).isEqualTo(Files.readString(DOCUMENT));
    }

    private void probe(String name, int port, String arguments) {
        type(name, ProbeCommand::new, "probe", "", port, arguments);
    }
}
