package dev.mailbell.mail.discovery;

import dev.mailbell.mail.Protocol;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The servers of well-known domains, from {@code providers.yaml} beside this class. */
final class ProviderTable {

    /** The form of the user name. */
    enum Username {
        ADDRESS,
        LOCAL
    }

    /**
     * @param imap the IMAP host for TLS; null if not offered
     * @param pop3 the POP3 host for TLS; null if not offered
     */
    record Provider(
            List<String> domains,
            @Nullable String imap,
            @Nullable String pop3,
            @Nullable Username username) {

        Optional<String> host(Protocol protocol) {
            return Optional.ofNullable(protocol == Protocol.IMAP ? imap : pop3);
        }

        String username(MailAddress address) {
            return username == Username.LOCAL ? address.local() : address.text();
        }
    }

    private final Map<String, Provider> byDomain = new HashMap<>();

    ProviderTable(List<Provider> providers) {
        for (Provider provider : providers) {
            for (String domain : provider.domains()) {
                if (byDomain.put(domain, provider) != null) {
                    throw new IllegalArgumentException("providers.yaml names " + domain + " twice");
                }
            }
        }
    }

    /** Reads the shipped table. */
    static ProviderTable load() {
        try (InputStream file = ProviderTable.class.getResourceAsStream("providers.yaml")) {
            if (file == null) {
                throw new IllegalStateException("providers.yaml is missing from the program");
            }
            YAMLMapper yaml =
                    YAMLMapper.builder()
                            .enable(
                                    tools.jackson.databind.MapperFeature
                                            .ACCEPT_CASE_INSENSITIVE_ENUMS)
                            .build();
            return new ProviderTable(yaml.readValue(file, new TypeReference<>() {}));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The provider of exactly this domain. */
    Optional<Provider> of(String domain) {
        return Optional.ofNullable(byDomain.get(domain));
    }

    Iterable<Provider> providers() {
        return byDomain.values();
    }
}
