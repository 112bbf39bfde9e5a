{{ config(enabled=has("accounts")) }}

-- depends_on: {{ ref("ayrshare__accounts_current") }}
{#
  A client that was renamed in the tap's settings would be two clients for ever: Ayrshare's id of the profile (refId)
  tells. Add the former name to `ayrshare_profile_aliases`, then run `dbt build --full-refresh`.
-#}
select ref_id, min({{ profile_name() }}) as one_name, max({{ profile_name() }}) as another_name
from {{ source("ayrshare", "accounts") }}
where ref_id is not null
group by ref_id
having count(distinct {{ profile_name() }}) > 1
