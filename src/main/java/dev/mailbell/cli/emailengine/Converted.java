package dev.mailbell.cli.emailengine;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** What became of an account of EmailEngine. */
public sealed interface Converted {

    /** The account's ID at EmailEngine, which is its {@code ref} here. */
    String ref();

    /**
     * An account that Mailbell can watch.
     *
     * @param registration the body that registers it, secrets included
     * @param notes what is different here, one sentence each
     * @param webhook the URL that it had for itself alone
     */
    record Carried(
            String ref, ObjectNode registration, List<String> notes, @Nullable String webhook)
            implements Converted {

        /** The same for the same account in every run, so that an import can be repeated. */
        UUID id() {
            return idOf("account/" + ref);
        }

        static UUID idOf(String name) {
            return UUID.nameUUIDFromBytes(("emailengine/" + name).getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String toString() {
            return "Carried[" + ref + "]";
        }
    }

    /**
     * An account that cannot be carried.
     *
     * @param reason why, and what to do
     */
    record Refused(String ref, String reason) implements Converted {}
}
