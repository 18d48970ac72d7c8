package dev.mailbell.cli.emailengine;

import static dev.mailbell.cli.emailengine.ExportJson.isTrue;
import static dev.mailbell.cli.emailengine.ExportJson.text;

import dev.mailbell.cli.emailengine.Converted.Carried;
import dev.mailbell.cli.emailengine.Converted.Refused;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Converts an account as {@code emailengine export} writes it, or as EmailEngine's API answers it,
 * into the body that registers it here. {@link MailServer}, {@link Mailboxes} and {@link
 * OAuthLogin} convert the parts.
 */
public final class Conversion {
    private static final int MAX_REF_LENGTH = 255;

    private final Choices choices;

    public Conversion(Choices choices) {
        this.choices = choices;
    }

    /**
     * What only the operator knows.
     *
     * @param apps the apps that are registered here, by the IDs of EmailEngine's OAuth2 apps
     * @param mailboxes what to watch of accounts that watch all folders there
     * @param egress the way out of accounts that have a proxy of their own; null for none
     * @param envelopes whether events carry senders and subjects
     */
    public record Choices(
            Map<String, UUID> apps,
            List<String> mailboxes,
            @Nullable String egress,
            boolean envelopes) {}

    public Converted convert(ObjectNode account) {
        String ref = text(account, "account");
        if (ref.isEmpty()) {
            return new Refused("(no ID)", "it has no account ID: it is no account of EmailEngine");
        }
        try {
            return carried(ref, account);
        } catch (NotCarriedException e) {
            return new Refused(ref, String.valueOf(e.getMessage()));
        }
    }

    private Carried carried(String ref, ObjectNode account) {
        if (ref.length() > MAX_REF_LENGTH) {
            throw new NotCarriedException("its ID is longer than 255 characters");
        }
        List<String> notes = new ArrayList<>();
        ObjectNode registration = ExportJson.MAPPER.createObjectNode();
        registration.put("ref", ref);
        registration.put("address", address(account));
        ObjectNode mail = registration.putObject("mail");
        login(account, mail, notes);
        MailServer.connection(account.path("imap"), mail, notes);
        egress(account, mail);
        Mailboxes.of(account, choices.mailboxes(), notes)
                .forEach(registration.putArray("mailboxes")::add);
        if (choices.envelopes()) {
            registration.putObject("watch").put("envelopes", true);
        }
        if (text(account, "state").equals("authenticationError")) {
            notes.add("EmailEngine's login fails, so this one likely does, too");
        }
        String webhook = text(account, "webhooks");
        if (account.path("webhooksCustomHeaders").size() > 0) {
            notes.add("the headers of its webhook are not carried");
        }
        return new Carried(
                ref, registration, List.copyOf(notes), webhook.isEmpty() ? null : webhook);
    }

    private static String address(JsonNode account) {
        List<String> candidates =
                List.of(
                        text(account, "email"),
                        text(account.path("oauth2").path("auth"), "user"),
                        text(account.path("imap").path("auth"), "user"),
                        text(account, "account"));
        return candidates.stream()
                .filter(candidate -> candidate.contains("@"))
                .findFirst()
                .orElseThrow(() -> new NotCarriedException("it has no mail address"));
    }

    private void login(JsonNode account, ObjectNode mail, List<String> notes) {
        JsonNode imap = account.path("imap");
        if (isTrue(account, "sendOnly") || isTrue(imap, "disabled")) {
            throw new NotCarriedException("it only sends mail: IMAP is off in EmailEngine");
        }
        if (account.path("oauth2").has("auth") || account.path("oauth2").has("provider")) {
            new OAuthLogin(choices.apps()).write(account, mail, notes);
        } else if (imap.isObject()) {
            password(imap, mail);
        } else {
            throw new NotCarriedException(
                    "it has neither a mail server nor a login: the file must be from"
                            + " emailengine export, not a list of accounts");
        }
    }

    private static void password(JsonNode imap, ObjectNode mail) {
        if (isTrue(imap, "useAuthServer")) {
            throw new NotCarriedException(OAuthLogin.AUTHENTICATION_SERVER);
        }
        String user = text(imap.path("auth"), "user");
        JsonNode password = imap.path("auth").path("pass");
        if (!text(imap.path("auth"), "accessToken").isEmpty() && !password.isString()) {
            throw new NotCarriedException(
                    "it has an access token alone, which ends within hours: register it with an"
                            + " app (docs/oauth.md)");
        }
        if (user.isEmpty() || !password.isString()) {
            throw new NotCarriedException("it has no user name and password");
        }
        mail.put("host", MailServer.requireHost(imap));
        mail.put("username", user);
        mail.put("password", Secrets.require(password.stringValue()));
    }

    /** Another way out than the one so far could get the mailbox locked. */
    private void egress(JsonNode account, ObjectNode mail) {
        if (text(account, "proxy").isEmpty()) {
            return;
        }
        if (choices.egress() == null) {
            throw new NotCarriedException(
                    "it has a proxy of its own: configure it under network.egress and give its name"
                            + " by --egress");
        }
        mail.put("egress", choices.egress());
    }
}
