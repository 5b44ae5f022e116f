"""Which answers does Slack give, and what do they mean? Those of a webhook, of the Web API, and what only an edit gets.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/#handling_errors
https://docs.slack.dev/reference/methods/chat.postMessage#errors
https://docs.slack.dev/reference/methods/chat.update#errors
"""

from __future__ import annotations

from bot.channels._answers import AS_NEW, GONE, Reaction, Rule


def _says(word: str, reaction: Reaction, http: int | None = None, says: str = "", *, harmless: bool = False) -> Rule:
    """An answer of a webhook: one word as plain text, usually with a status of its own."""
    return Rule(word, reaction, http=http or (), body=word, says=says, harmless=harmless)


def _errs(rule_id: str, reaction: Reaction, errors: str = "", says: str = "", wait: float | None = None) -> Rule:
    """An answer of the Web API that says `ok: false` and one of `errors`, nearly always with status 200."""
    named = {"error": tuple(errors.split())} if errors else {}
    return Rule(rule_id, reaction, json={"ok": False, **named}, says=says, wait=wait)


WEBHOOK_RULES = (
    Rule("ok", Reaction.SUCCESS, http=200, body="ok"),
    Rule("ok-not-ok", Reaction.FAIL_MESSAGE, http=200, says="only the word ok counts; check webhook_url and proxies"),
    _says("no_service", Reaction.DISABLE_DESTINATION, 404, "the webhook was removed"),
    _says("no_service_id", Reaction.DISABLE_DESTINATION, says="the webhook was removed"),
    _says("no_active_hooks", Reaction.DISABLE_DESTINATION, 404, "the webhook is disabled"),
    _says("no_team", Reaction.DISABLE_DESTINATION, says="the workspace is gone"),
    _says("team_disabled", Reaction.DISABLE_ACCOUNT, says="the workspace is disabled"),
    _says("invalid_token", Reaction.DISABLE_DESTINATION, 403, "the webhook is not valid"),
    _says("action_prohibited", Reaction.OWNER_ACTION, 403, "an admin of the workspace forbids posting"),
    _says("posting_to_general_channel_denied", Reaction.OWNER_ACTION, 403, "choose another channel"),
    _says("channel_not_found", Reaction.DISABLE_DESTINATION, 404, "the channel is gone"),
    _says("user_not_found", Reaction.DISABLE_DESTINATION, 400, "the user is gone"),
    _says("channel_is_archived", Reaction.DISABLE_DESTINATION, 410),
    _says("invalid_payload", Reaction.FAIL_MESSAGE, 400),
    _says("invalid_blocks", Reaction.DEGRADE, 400),
    _says("invalid_blocks_format", Reaction.DEGRADE, 400),
    _says("no_text", Reaction.FAIL_MESSAGE, 400),
    Rule("missing_text", Reaction.FAIL_MESSAGE, http=400, body="missing_text_or_fallback_or_attachments"),
    _says("too_many_attachments", Reaction.FAIL_MESSAGE, 400),
    Rule("rate", Reaction.RETRY_AFTER, http=429, wait=30),
    _says("rollup_error", Reaction.RETRY_BACKOFF, 500, harmless=True),
    Rule("server", Reaction.VERIFY, http="5xx"),
)

_DEAD = "invalid_auth account_inactive token_revoked not_authed org_login_required team_access_not_granted"
_FORBIDDEN = (
    "restricted_action restricted_action_read_only_channel restricted_action_thread_only_channel"
    " ekm_access_denied access_denied accesslimited"
)
_OUR_FAULT = (
    "no_text too_many_attachments invalid_arguments invalid_arg_name invalid_json invalid_form_data"
    " markdown_text_conflict invalid_metadata_format invalid_metadata_schema metadata_too_large"
)
_NO_THREAD = "cannot_reply_to_message restricted_action_non_threadable_channel restricted_action_thread_locked"
_PASSING = "internal_error fatal_error service_unavailable request_timeout team_added_to_org"
API_RULES = (
    Rule("ok", Reaction.SUCCESS, http=200, json={"ok": True}),
    Rule("rate", Reaction.RETRY_AFTER, http=429, wait=30),
    _errs("ratelimited", Reaction.RETRY_AFTER, "ratelimited rate_limited message_limit_exceeded", wait=60),
    _errs("auth-dead", Reaction.DISABLE_ACCOUNT, _DEAD, "install the app again and copy its new bot token"),
    _errs("token-expired", Reaction.REFRESH_AUTH, "token_expired", "switch token rotation off for the app"),
    _errs("scope", Reaction.OWNER_ACTION, "missing_scope no_permission not_allowed_token_type", "add the scope to the app"),
    _errs("channel-gone", Reaction.DISABLE_DESTINATION, "channel_not_found is_archived"),
    _errs("not-in-channel", Reaction.OWNER_ACTION, "not_in_channel", "invite the app, or give it chat:write.public"),
    _errs("restricted", Reaction.OWNER_ACTION, _FORBIDDEN, "the workspace does not let this app post here"),
    _errs("too-long", Reaction.SPLIT, "msg_too_long msg_blocks_too_long"),
    _errs("blocks-bad", Reaction.DEGRADE, "invalid_blocks invalid_blocks_format"),
    _errs("payload-bad", Reaction.FAIL_MESSAGE, _OUR_FAULT),
    _errs("thread-bad", Reaction.DEGRADE, _NO_THREAD),
    _errs("transient", Reaction.VERIFY, _PASSING),
    _errs("other-error", Reaction.FAIL_MESSAGE),
    Rule("server", Reaction.VERIFY, http="5xx"),
)
_LATE = "cant_update_message edit_window_closed no_dual_broadcast_content_update"
EDIT_RULES = (
    _errs("post-gone", Reaction.FAIL_MESSAGE, "message_not_found", GONE),
    _errs("post-fixed", Reaction.FAIL_MESSAGE, _LATE, f"the workspace lets nobody edit it any more; {AS_NEW}"),
    *API_RULES,
)
