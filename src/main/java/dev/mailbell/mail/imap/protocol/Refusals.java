package dev.mailbell.mail.imap.protocol;

import dev.mailbell.mail.ActionNeeded;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.text.MailboxNames;
import dev.mailbell.mail.text.ServerText;
import dev.mailbell.mail.text.SuggestedBackoff;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The meaning of NO, BAD and BYE: by the response code (RFC 5530), else by texts that servers are
 * known to send, else by the command.
 */
public final class Refusals {
    private static final String GO_ON = "to go on";
    private static final String NOT_CONNECTED = "authenticated but not connected";

    /** A login referral to another host (RFC 2221); Dovecot names none while it has no backend. */
    private static final Pattern ELSEWHERE = Pattern.compile("//([^/]*@)?[^/@]+(/|$)");

    /** A BAD that is about the result of the login, not about the command's syntax. */
    private static final Pattern LOGIN_FAILED =
            Pattern.compile(
                    "^(?!.*(syntax|pars|argument|unknown command|unrecogni|unsupported"
                            + "|not (supported|implemented)|literal|too long|buffer|state))"
                            + ".*((log ?-?[io]n|auth\\w*|credentials?|password|user ?(name)?|account)\\b"
                            + ".{0,40}\\b(fail|invalid|incorrect|wrong|denied|reject|refused|bad\\b|not"
                            + " accepted|mismatch)"
                            + "|\\b(failed|invalid|incorrect|wrong|bad|denied|rejected)\\b"
                            + ".{0,20}\\b(log ?-?[io]n|auth|credentials?|password|user))",
                    Pattern.DOTALL);

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
                    // 163 and its sister services refuse clients that do not send ID, or that the
                    // mailbox's settings do not allow.
                    Rule.of(FailureCode.AUTH_FAILED, "unsafe login"),
                    // Courier's NO to a command that it cannot read.
                    Rule.of(FailureCode.PROTOCOL_ERROR, "error in imap command"),
                    Rule.of(FailureCode.RATE_LIMITED, "backoff time|throttl"),
                    Rule.of(
                            FailureCode.TOO_MANY_CONNECTIONS,
                            "too many (\\w+ )?(connections|sessions)"
                                    + "|(connection|session)s? limit|(maximum|max) (number of |\\w+"
                                    + " )?(connections|sessions)|(concurrent|simultaneous)"
                                    + " (\\w+ )?(connections|sessions)"
                                    + "|connections? .{0,20}(exceed|limit)|连接数|并发"),
                    Rule.of(
                            FailureCode.RATE_LIMITED,
                            "frequen|too often|too soon|rate limit|bandwidth limit|login rate"
                                    + "|log ?in (limit|interval)|minimum time|too many (\\w+"
                                    + " )?(log ?ins?|attempts|auth|fail|tries|requests)"
                                    + "|频繁|频率|登录太|次数过多"),
                    Rule.of(
                            FailureCode.SERVER_ERROR,
                            "authenticated but not connected|busy|temporar|try (it )?(again )?later"
                                    + "|internal (server )?error|unavailable|system error|繁忙|稍后"));

    /** Texts of a NO to EXAMINE of a mailbox that is temporarily unreadable. */
    private static final Pattern FOR_A_WHILE =
            Pattern.compile(
                    "under us|re-?buil[dt]|re-?index|corrupt|i/o error|input/output error|lock"
                            + "|in use|migrat|maintenance|timed? ?out|not (yet )?ready|overload"
                            + "|database|backend|disk|out of memory");

    /** What a server says only if it could not check the password. */
    private static final Pattern IN_TROUBLE =
            Pattern.compile(
                    "temporar|unavailable|internal (server )?error|system error|maintenance");

    private Refusals() {}

    /** The server closes the connection. */
    static MailFailure ofGoodbye(Reply bye) {
        return of(bye, FailureCode.SERVER_ERROR, GO_ON, "", List.of());
    }

    /** A refusal of a command that a server should accept after login. */
    public static MailFailure ofCommand(Reply reply, String what) {
        return of(reply, FailureCode.SERVER_ERROR, what, "", List.of());
    }

    /**
     * A refusal to open a mailbox: it is missing, unless code or text indicate that it is
     * temporarily unreadable, or that IMAP is switched off, which some servers say only now.
     */
    public static MailFailure ofMailbox(Reply reply, String mailbox) {
        String text = ServerText.decode(reply.text()).toLowerCase(Locale.ROOT);
        if (MailboxNames.isInbox(mailbox)
                && ActionNeeded.of(text).filter(ActionNeeded::isSwitchOn).isPresent()) {
            return of(reply, FailureCode.AUTH_FAILED, "the mailbox \"INBOX\"", "", List.of());
        }
        if (!saysMissing(reply) && FOR_A_WHILE.matcher(text).find()) {
            return ofListedMailbox(reply, mailbox);
        }
        return of(
                reply,
                FailureCode.MAILBOX_MISSING,
                "the mailbox \"" + ServerText.oneLine(mailbox, 100) + "\"",
                " Check its name.",
                List.of());
    }

    /** A refusal to open a mailbox that the server lists, so that the refusal is temporary. */
    public static MailFailure ofListedMailbox(Reply reply, String mailbox) {
        return of(
                reply,
                FailureCode.SERVER_ERROR,
                "the mailbox \"" + ServerText.oneLine(mailbox, 100) + "\"",
                "",
                List.of());
    }

    /** Whether the code means that there is no such mailbox or no right to it (RFC 5530). */
    public static boolean saysMissing(Reply reply) {
        return switch (reply.code()) {
            case "NONEXISTENT", "TRYCREATE", "NOPERM", "CANNOT" -> true;
            default -> false;
        };
    }

    /**
     * The failure for a refusal.
     *
     * @param otherwise the code of a NO if neither response code nor text are known
     * @param what was refused, for example {@code the login}
     * @param advice what the owner can do if it means {@code otherwise}; empty or a sentence that
     *     begins with a blank
     * @param secrets texts that must not be shown even if the server repeats them
     */
    public static MailFailure of(
            Reply reply, FailureCode otherwise, String what, String advice, List<String> secrets) {
        String text = ServerText.decode(reply.text()).toLowerCase(Locale.ROOT);
        ActionNeeded action = action(reply, text, otherwise, what).orElse(null);
        FailureCode refused =
                otherwise == FailureCode.TOKEN_REFUSED ? otherwise : FailureCode.AUTH_FAILED;
        FailureCode code =
                action == null
                        ? code(reply, text, otherwise)
                        : action.code() == FailureCode.AUTH_FAILED ? refused : action.code();
        String shown = ServerText.shown(reply.shown(), secrets);
        String refusal =
                shown.isEmpty()
                        ? "The server refused " + what + " without a reason."
                        : "The server refused " + what + ": \"" + shown + "\".";
        String remedy =
                action != null
                        ? action.advice()
                        : code == FailureCode.AUTH_FAILED && text.contains("unsafe login")
                                ? " Allow IMAP clients in the mailbox's web settings, or ask the"
                                        + " provider to."
                                : remedy(reply, code, text, otherwise, advice);
        return new MailFailure(code, refusal + remedy, SuggestedBackoff.in(text), null);
    }

    /**
     * Who has to act. The text is not evaluated if a response code indicates trouble of the server,
     * or if the connection or a single mailbox is refused.
     */
    private static Optional<ActionNeeded> action(
            Reply reply, String text, FailureCode otherwise, String what) {
        boolean ofMailbox = otherwise == FailureCode.MAILBOX_MISSING;
        boolean inTrouble =
                switch (reply.code()) {
                    case "UNAVAILABLE",
                            "SERVERBUG",
                            "CORRUPTION",
                            "INUSE",
                            "LIMIT",
                            "THROTTLED",
                            "OVERQUOTA" ->
                            true;
                    default -> false;
                };
        return ofMailbox || inTrouble || text.contains("unsafe login") || what.equals(GO_ON)
                ? Optional.empty()
                : ActionNeeded.of(text);
    }

    private static boolean isElsewhere(Reply reply) {
        return reply.code().equals("REFERRAL") && ELSEWHERE.matcher(reply.arguments()).find();
    }

    private static String remedy(
            Reply reply, FailureCode code, String text, FailureCode otherwise, String advice) {
        if (text.contains(NOT_CONNECTED)) {
            return " IMAP may be switched off for the mailbox, or the token may lack the scope"
                    + " IMAP.AccessAsUser.All.";
        }
        if (code == otherwise) {
            return isElsewhere(reply)
                    ? " The mailbox is at another server: use the host that is named there."
                    : advice;
        }
        return switch (code) {
            case TLS_FAILED -> " Use security \"tls\" or \"starttls\".";
            case MAILBOX_LOCKED -> " Another program has the mailbox open.";
            default -> "";
        };
    }

    private static FailureCode code(Reply reply, String text, FailureCode otherwise) {
        FailureCode refused =
                otherwise == FailureCode.TOKEN_REFUSED ? otherwise : FailureCode.AUTH_FAILED;
        return switch (reply.code()) {
            // Servers put it before limits of connections and logins, and passing trouble, too.
            case "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED" -> {
                FailureCode said = byText(text, refused, refused);
                boolean passing =
                        said == FailureCode.SERVER_ERROR && IN_TROUBLE.matcher(text).find();
                yield said.isOfLimit() || passing ? said : refused;
            }
            case "EXPIRED" -> refused;
            case "REFERRAL" ->
                    byText(
                            text,
                            refused,
                            otherwise.needsOwner() && !isElsewhere(reply)
                                    ? FailureCode.SERVER_ERROR
                                    : otherwise);
            case "PRIVACYREQUIRED" -> FailureCode.TLS_FAILED;
            case "NONEXISTENT", "TRYCREATE", "NOPERM" ->
                    otherwise == FailureCode.MAILBOX_MISSING
                            ? otherwise
                            : byText(text, refused, otherwise);
            case "THROTTLED" -> FailureCode.RATE_LIMITED;
            case "INUSE" -> byText(text, refused, FailureCode.MAILBOX_LOCKED);
            case "LIMIT" -> byText(text, refused, FailureCode.TOO_MANY_CONNECTIONS);
            case "UNAVAILABLE", "SERVERBUG", "CORRUPTION", "CONTACTADMIN", "OVERQUOTA" ->
                    byText(text, refused, FailureCode.SERVER_ERROR);
            default ->
                    byText(
                            text,
                            refused,
                            reply.kind() == Reply.Kind.BAD
                                            && !(otherwise.needsOwner()
                                                    && LOGIN_FAILED.matcher(text).find())
                                    ? FailureCode.PROTOCOL_ERROR
                                    : otherwise);
        };
    }

    private static FailureCode byText(String text, FailureCode refused, FailureCode otherwise) {
        return TEXTS.stream()
                .filter(rule -> rule.pattern().matcher(text).find())
                .map(rule -> rule.code() == FailureCode.AUTH_FAILED ? refused : rule.code())
                .findFirst()
                .orElse(
                        otherwise.needsOwner() && ActionNeeded.asksToWait(text)
                                ? FailureCode.SERVER_ERROR
                                : otherwise);
    }
}
