package dev.mailbell.mail.pop3.protocol;

import dev.mailbell.mail.ActionNeeded;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.text.ServerText;
import dev.mailbell.mail.text.SuggestedBackoff;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The meaning of {@code -ERR}: by its response code (RFC 2449, section 8; RFC 3206), else by texts
 * that servers are known to send, else by the command.
 */
public final class Refusals {
    private record Rule(Pattern pattern, FailureCode code) {
        static Rule of(FailureCode code, String regex) {
            return new Rule(Pattern.compile(regex), code);
        }
    }

    /** The first pattern found in the lower-case text decides. */
    private static final List<Rule> TEXTS =
            List.of(
                    // QQ has one text for every cause; the usual one is a missing authorisation
                    // code, and the owner sees the text.
                    Rule.of(FailureCode.AUTH_FAILED, "password is incorrect.*frequency"),
                    Rule.of(
                            FailureCode.TOO_MANY_CONNECTIONS,
                            "too many (\\w+ )?(connections|sessions)"
                                    + "|(connection|session)s? limit|(maximum|max) (number of |\\w+"
                                    + " )?(connections|sessions)|(concurrent|simultaneous)"
                                    + " (\\w+ )?(connections|sessions)"
                                    + "|connections? .{0,20}(exceed|limit)|连接数|并发"),
                    Rule.of(
                            FailureCode.RATE_LIMITED,
                            "frequen|too often|too soon|rate limit|bandwidth limit|throttl"
                                    + "|backoff time"
                                    + "|login[- ]delay|minimum time|log ?in (limit|interval)"
                                    + "|too many (\\w+"
                                    + " )?(log ?ins?|attempts|auth|fail|tries|requests)"
                                    + "|频繁|频率|登录太|次数过多"),
                    Rule.of(
                            FailureCode.MAILBOX_LOCKED,
                            "(mailbox|maildrop|mail drop|mail box|folder|spool).{0,40}"
                                    + "(locked|in use|busy|already open)"
                                    + "|(unable|failed|can ?not|can't|could not).{0,20} lock"
                                    + "|already (locked|in use)|another (pop3? )?session|by another"
                                    + " (user|client|process|program)|already logged (in|on)|被锁定"),
                    Rule.of(
                            FailureCode.SERVER_ERROR,
                            "busy|temporar|try (it )?(again )?later|internal (server )?error"
                                    + "|unavailable|system error|繁忙|稍后"));

    private static final Pattern UNKNOWN_COMMAND =
            Pattern.compile(
                    "(unknown|unrecogni[sz]ed|invalid|bad|illegal|unsupported|no such)"
                            + " (\\w+ )?command|command .{0,30}\\b(unknown|unrecogni[sz]ed|invalid"
                            + "|not (known|supported|implemented|recogni[sz]ed|available))"
                            + "|not implemented|unimplemented|not supported");

    /** The advice for {@code [AUTH]} after an accepted login. */
    private static final String WITHDRAWN =
            " The server had accepted the login: check that the account may use POP3, and that its"
                    + " password, or the access that was granted, still holds.";

    private Refusals() {}

    /**
     * The failure for a refusal.
     *
     * @param reply a reply that is not ok
     * @param otherwise the code if neither response code nor text are known
     * @param what was refused, for example {@code the password}
     * @param advice what the owner can do if it means {@code otherwise}; empty or a sentence that
     *     begins with a blank
     * @param loginDelay the login delay in CAPA; null for none
     * @param secrets texts that must not be shown even if the server repeats them
     */
    public static MailFailure of(
            Reply reply,
            FailureCode otherwise,
            String what,
            String advice,
            @Nullable Duration loginDelay,
            List<String> secrets) {
        ActionNeeded action = action(reply).orElse(null);
        FailureCode refused =
                otherwise == FailureCode.TOKEN_REFUSED ? otherwise : FailureCode.AUTH_FAILED;
        FailureCode code =
                action == null
                        ? code(reply, otherwise)
                        : action.code() == FailureCode.AUTH_FAILED ? refused : action.code();
        String shown = ServerText.shown(reply.text(), secrets);
        String said =
                shown.isEmpty()
                        ? "The server refused " + what + " without a reason."
                        : "The server refused " + what + ": \"" + shown + "\".";
        String remedy =
                action != null
                        ? action.advice()
                        : switch (code) {
                            case AUTH_FAILED, TOKEN_REFUSED -> advice;
                            case MAILBOX_LOCKED -> " Another program has the mailbox open.";
                            case SERVER_ERROR ->
                                    reply.code().equals("SYS/PERM")
                                            ? " The operator of the mail server has to mend it."
                                            : "";
                            default -> "";
                        };
        return new MailFailure(code, said + remedy, retryAfter(reply, code, loginDelay), null);
    }

    /** The longer one of what Exchange asks for in the text and the login delay; null for none. */
    private static @Nullable Duration retryAfter(
            Reply reply, FailureCode code, @Nullable Duration loginDelay) {
        Duration suggested =
                SuggestedBackoff.in(ServerText.decode(reply.text()).toLowerCase(Locale.ROOT));
        if (code != FailureCode.RATE_LIMITED || loginDelay == null) {
            return suggested;
        }
        return suggested == null || suggested.compareTo(loginDelay) < 0 ? loginDelay : suggested;
    }

    /** The text is not evaluated if a response code indicates trouble of the server. */
    private static Optional<ActionNeeded> action(Reply reply) {
        return switch (reply.code()) {
            case "IN-USE", "LOGIN-DELAY", "SYS/TEMP" -> Optional.empty();
            default -> ActionNeeded.of(ServerText.decode(reply.text()).toLowerCase(Locale.ROOT));
        };
    }

    /** A refused connection, which does not concern a single account. */
    public static MailFailure ofGreeting(Reply reply) {
        FailureCode code = code(reply, FailureCode.SERVER_ERROR);
        String shown = ServerText.shown(reply.text(), List.of());
        return new MailFailure(
                code,
                shown.isEmpty()
                        ? "The server refused the connection without a reason."
                        : "The server refused the connection: \"" + shown + "\".",
                retryAfter(reply, code, null),
                null);
    }

    private static FailureCode code(Reply reply, FailureCode otherwise) {
        FailureCode refused =
                otherwise == FailureCode.TOKEN_REFUSED ? otherwise : FailureCode.AUTH_FAILED;
        String text = ServerText.decode(reply.text()).toLowerCase(Locale.ROOT);
        Optional<FailureCode> said =
                TEXTS.stream()
                        .filter(rule -> rule.pattern().matcher(text).find())
                        .map(rule -> rule.code() == FailureCode.AUTH_FAILED ? refused : rule.code())
                        .findFirst();
        return switch (reply.code()) {
            case "IN-USE" -> FailureCode.MAILBOX_LOCKED;
            case "LOGIN-DELAY" -> FailureCode.RATE_LIMITED;
            case "SYS/TEMP", "SYS/PERM" -> FailureCode.SERVER_ERROR;
            // Servers put it before limits of connections and logins too.
            case "AUTH" -> said.filter(FailureCode::isOfLimit).orElse(refused);
            default ->
                    said.orElse(
                            ActionNeeded.asksToWait(text) ? FailureCode.SERVER_ERROR : otherwise);
        };
    }

    /** Whether a refusal of a login is about the server or a limit, and not about the password. */
    public static boolean isOfServer(Reply reply) {
        return !reply.ok()
                && !isOfUnknownCommand(reply)
                && !code(reply, FailureCode.AUTH_FAILED).needsOwner();
    }

    /**
     * Whether such a refusal passes, so that another way of logging in would be refused too, or as
     * if the password were wrong.
     */
    public static boolean isPassing(Reply reply) {
        String text = ServerText.decode(reply.text()).toLowerCase(Locale.ROOT);
        return isOfServer(reply)
                && (code(reply, FailureCode.AUTH_FAILED) != FailureCode.SERVER_ERROR
                        || reply.code().equals("SYS/TEMP")
                        || ActionNeeded.asksToWait(text));
    }

    /** Whether a refusal only means that the server does not support the command. */
    public static boolean isOfUnknownCommand(Reply reply) {
        String text = ServerText.decode(reply.text()).toLowerCase(Locale.ROOT);
        return !reply.ok()
                && reply.code().isEmpty()
                && (text.isBlank() || UNKNOWN_COMMAND.matcher(text).find());
    }

    /** A refusal of a command that a server should accept after login. */
    public static MailFailure ofCommand(Reply reply, String command) {
        return of(reply, FailureCode.SERVER_ERROR, command, WITHDRAWN, null, List.of());
    }
}
