package dev.mailbell.mail.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.mail.Protocol;
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

/** Registrations on the pages of providers that name no host are of domains that are known. */
class DocumentedProvidersTest {
    private static final Pattern JSON = Pattern.compile("(?ms)^ *```json\\n(.*?)^ *```");

    private static List<JsonNode> registrations() throws IOException {
        List<JsonNode> registrations = new ArrayList<>();
        try (Stream<Path> pages = Files.list(Path.of("docs/providers"))) {
            for (Path page : pages.sorted().toList()) {
                Matcher block = JSON.matcher(Files.readString(page));
                while (block.find()) {
                    JsonNode json = JsonMapper.shared().readTree(block.group(1));
                    if (json.has("address")) {
                        registrations.add(json);
                    }
                }
            }
        }
        return registrations;
    }

    @Test
    void the_server_of_each_registration_without_a_host_is_found_by_its_domain()
            throws IOException {
        ProviderTable table = ProviderTable.load();
        List<String> found = new ArrayList<>();
        List<String> unknown = new ArrayList<>();
        for (JsonNode registration : registrations()) {
            String address = registration.required("address").stringValue();
            JsonNode mail = registration.required("mail");
            Protocol protocol =
                    mail.path("protocol").asString("imap").equals("pop3")
                            ? Protocol.POP3
                            : Protocol.IMAP;
            if (!mail.has("host")) {
                boolean known =
                        table.of(address.substring(address.indexOf('@') + 1))
                                .flatMap(provider -> provider.host(protocol))
                                .isPresent();
                (known ? found : unknown).add(address);
            }
        }
        assertThat(unknown).isEmpty();
        assertThat(found).hasSizeGreaterThan(8);
    }
}
