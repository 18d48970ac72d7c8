package dev.mailbell.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the pages of providers say to register is what the contract takes. */
class DocumentedRegistrationsTest {
    private static final Path PAGES = Path.of("docs/providers");

    /** An operation that the text names, or a block of JSON, which is for the one named last. */
    private static final Pattern PART =
            Pattern.compile("`POST (/v1/[a-z-]+)`|(?ms:^ *```json\\n(.*?)^ *```)");

    private static List<Path> pages() throws IOException {
        try (Stream<Path> files = Files.list(PAGES)) {
            return files.filter(file -> !file.endsWith("README.md")).sorted().toList();
        }
    }

    @Test
    void each_block_of_json_is_a_request_of_the_operation_that_is_named_before_it()
            throws IOException {
        List<String> faults = new ArrayList<>();
        for (Path page : pages()) {
            Matcher part = PART.matcher(Files.readString(page));
            String operation = "";
            int accounts = 0;
            while (part.find()) {
                if (part.group(1) != null) {
                    operation = part.group(1);
                    continue;
                }
                String body = part.group(2);
                accounts += operation.equals("/v1/oauth-apps") ? 0 : 1;
                List<String> found =
                        new ArrayList<>(Contract.requestFaults("POST", operation, body));
                found.addAll(loginFaults(operation, body));
                found.forEach(fault -> faults.add(page + ", " + body + ": " + fault));
            }
            if (accounts == 0) {
                faults.add(page + " registers no account");
            }
        }
        assertThat(faults).isEmpty();
        assertThat(pages()).hasSizeGreaterThan(12);
    }

    /** What the schema cannot say: an account has either a password or a grant. */
    private static List<String> loginFaults(String operation, String body) {
        if (operation.equals("/v1/oauth-apps")) {
            return List.of();
        }
        JsonNode mail = JsonMapper.shared().readTree(body).path("mail");
        return mail.has("password") == mail.has("oauth2")
                ? List.of("must have either a password or oauth2")
                : List.of();
    }
}
