#!/usr/bin/env bash
# Makes or updates the CloudFormation stack of dynamodb-schema.yaml. May be run again at any time.
set -euo pipefail
export AWS_PAGER=''

usage() {
  cat <<'TEXT'
deploy-dynamodb.sh [옵션 / options] [파라미터=값 / Parameter=value ...]

  --environment NAME    development(기본 / default), staging, production       DALLYEOK_ENVIRONMENT
  --prefix PREFIX       테이블 이름의 접두사 / put before table names         DALLYEOK_PREFIX    (dallyeok-)
  --region REGION       리전 / region, ap-northeast-2                          AWS_REGION
  --stack NAME          스택 이름 / the stack's name                            DALLYEOK_STACK     (PREFIX + NAME)
  --topic-arn ARN       경보를 받을 SNS 주제 / SNS topic that gets alarms         DALLYEOK_TOPIC_ARN
  --billing MODE        PAY_PER_REQUEST, PROVISIONED                           DALLYEOK_BILLING
  --kms-key-arn ARN     암호화 키 / key for encryption at rest                  DALLYEOK_KMS_KEY_ARN
  --dry-run             바뀔 것만 보여 줍니다 / only show what would change

템플릿의 다른 파라미터는 그대로 적습니다. 적지 않은 것은 스택의 현재 값을 유지합니다.
Other parameters of the template are given as they are; what is not given keeps the stack's present value:
  deploy-dynamodb.sh --environment production Billing=PROVISIONED MinimumCapacity=20 MaximumCapacity=1600
TEXT
}

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "✗ $*"
  exit 1
}
wrong_usage() {
  say "✗ $*"
  say "   deploy-dynamodb.sh --help"
  exit 2
}

template="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/dynamodb-schema.yaml"
environment=${DALLYEOK_ENVIRONMENT:-development}
prefix=${DALLYEOK_PREFIX-dallyeok-}
region=${AWS_REGION:-${AWS_DEFAULT_REGION:-}}
stack=${DALLYEOK_STACK:-}
topic_arn=${DALLYEOK_TOPIC_ARN:-}
billing=${DALLYEOK_BILLING:-}
kms_key_arn=${DALLYEOK_KMS_KEY_ARN:-}
dry_run=
parameters=()

read_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help) usage; exit 0 ;;
      --dry-run) dry_run=yes; shift; continue ;;
      --environment | --prefix | --region | --stack | --topic-arn | --billing | --kms-key-arn)
        [[ $# -ge 2 && $2 != --* ]] || wrong_usage "$1: 값이 없습니다 / a value is missing" ;;
      Environment=*) environment=${1#*=}; shift; continue ;;
      Prefix=*) prefix=${1#*=}; shift; continue ;;
      [A-Z]*=*) parameters+=("$1"); shift; continue ;;
      *) wrong_usage "$1: 모르는 옵션입니다 / unknown option" ;;
    esac
    case $1 in
      --environment) environment=$2 ;;
      --prefix) prefix=$2 ;;
      --region) region=$2 ;;
      --stack) stack=$2 ;;
      --topic-arn) topic_arn=$2 ;;
      --billing) billing=$2 ;;
      --kms-key-arn) kms_key_arn=$2 ;;
    esac
    shift 2
  done
}

# The AWS CLI passes over a parameter that the template does not have, without a word.
check_parameters() {
  local known each
  known=$(sed -n '/^Parameters:/,/^[A-Z][a-z]*s:$/s/^  \([A-Za-z]*\):$/\1/p' "$template")
  for each in ${parameters[@]+"${parameters[@]}"}; do
    grep -qxF "${each%%=*}" <<<"$known" ||
      wrong_usage "${each%%=*}: 템플릿에 없는 파라미터입니다 / the template has no such parameter"
  done
}

check_arguments() {
  case $environment in
    development | staging | production) ;;
    *) wrong_usage "--environment: development, staging, production 가운데 하나여야 합니다 / must be one of these: '$environment'" ;;
  esac
  [[ $prefix =~ ^[a-zA-Z0-9_.-]{0,100}$ ]] ||
    wrong_usage "--prefix: 영문자, 숫자, _ . -만 100자까지 쓸 수 있습니다 / letters, digits, _ . and - only, 100 at most: '$prefix'"
  [ -n "$stack" ] || stack="$(printf '%s' "${prefix:-dallyeok-}" | tr '._' '--')$environment"
  [[ $stack =~ ^[a-zA-Z][a-zA-Z0-9-]{0,127}$ ]] ||
    wrong_usage "--stack: 영문자로 시작하고 영문자, 숫자, -만 쓸 수 있습니다 / letters, digits and - only, beginning with a letter: '$stack'"
  [ -n "$region" ] || region=$(aws configure get region) ||
    wrong_usage "--region: 리전이 없습니다. --region ap-northeast-2처럼 지정하세요 / the region is missing"
  check_parameters
  local named=("Environment=$environment" "Prefix=$prefix")
  [ -z "$topic_arn" ] || named+=("AlarmTopicArn=$topic_arn")
  [ -z "$billing" ] || named+=("Billing=$billing")
  [ -z "$kms_key_arn" ] || named+=("KmsKeyArn=$kms_key_arn")
  parameters=("${named[@]}" ${parameters[@]+"${parameters[@]}"}) # of two the AWS CLI takes the last
}

cloudformation() { aws --region "$region" cloudformation "$@"; }

# The stack's state, or nothing where there is no stack. Any other error ends the script with what AWS says.
stack_state() {
  local answer
  if answer=$(cloudformation describe-stacks --stack-name "$stack" --query 'Stacks[0].StackStatus' --output text 2>&1); then
    printf '%s' "$answer"
  elif [[ $answer != *"does not exist"* ]]; then
    fail "스택을 읽을 수 없습니다. 자격증명, 권한, 리전을 확인하세요 / The stack cannot be read: check credentials, permissions and region
$answer"
  fi
}

# A parameter as the stack has it; fails where the stack has none of that name.
present() { awk -F '\t' -v key="$1" '$1 == key { print $2; found = 1 } END { exit !found }' <<<"$stack_parameters"; }

# Another prefix would put empty tables in the place of the stack's; another environment may end their protection.
check_identity() {
  local has
  [ "$state" != REVIEW_IN_PROGRESS ] || return 0
  if has=$(present Environment) && [ "$has" != "$environment" ]; then
    wrong_usage "--environment: 스택 $stack의 환경은 '$has'입니다. --environment $has 또는 다른 --stack을 쓰세요 / the stack's environment is '$has', not '$environment': say --environment $has, or name another --stack"
  fi
  if has=$(present Prefix) && [ "$has" != "$prefix" ]; then
    wrong_usage "--prefix: 스택 $stack의 접두사는 '$has'입니다. 바꾸면 테이블이 빈 것으로 교체됩니다. --prefix '$has' 또는 다른 --stack을 쓰세요 / the stack's prefix is '$has', and with '$prefix' its tables would be replaced by empty ones: say --prefix '$has', or name another --stack"
  fi
}

# What a parameter will be: as given here, as the stack has it, or the template's default ($2).
effective() {
  local each found=
  for each in "${parameters[@]}"; do
    [[ $each != "$1="* ]] || found=${each#*=}
  done
  [ -n "$found" ] || found=$(present "$1") || found=
  printf '%s' "${found:-$2}"
}

# CloudFormation cannot compare two parameters.
check_capacity() {
  local minimum maximum
  minimum=$(effective MinimumCapacity 10)
  maximum=$(effective MaximumCapacity 400)
  if [[ $minimum =~ ^[0-9]+$ && $maximum =~ ^[0-9]+$ ]] && ((10#$maximum < 10#$minimum)); then
    wrong_usage "MaximumCapacity($maximum)는 MinimumCapacity($minimum)보다 작을 수 없습니다 / MaximumCapacity must not be less than MinimumCapacity"
  fi
}

# Goes on only in states from which a deployment can begin.
check_state() {
  case $state in
    '' | REVIEW_IN_PROGRESS | CREATE_COMPLETE | UPDATE_COMPLETE | UPDATE_ROLLBACK_COMPLETE | IMPORT_COMPLETE | \
      IMPORT_ROLLBACK_COMPLETE | ROLLBACK_COMPLETE) ;;
    *_IN_PROGRESS)
      fail "스택이 $state 상태입니다. 지금 하는 일이 끝난 뒤 다시 실행하세요 / The stack is in $state: run this again when that has ended
   aws cloudformation describe-stack-events --region $region --stack-name $stack" ;;
    UPDATE_ROLLBACK_FAILED)
      fail "스택이 $state 상태입니다. 원인을 고치고 되돌리기를 마친 뒤 다시 실행하세요 / The stack is in $state: mend the cause and finish the rollback, then run this again
   aws cloudformation continue-update-rollback --region $region --stack-name $stack" ;;
    ROLLBACK_FAILED) # deleting the stack would keep the tables, and the next creation would find their names taken
      fail "스택이 $state 상태라서 이 스크립트가 고칠 수 없습니다. 처음 만들다 남은 테이블이 비어 있는지 확인한 뒤, 삭제 방지를 끄고 테이블과 스택을 지우고 다시 실행하세요 / The stack is in $state, which this script cannot mend: see that the tables which its creation left are empty, turn off their deletion protection, delete them and the stack, then run this again
   aws cloudformation describe-stack-events --region $region --stack-name $stack
   for table in departments events calendar-changes calendar-records; do
     aws dynamodb update-table --region $region --no-deletion-protection-enabled --table-name $prefix\$table
     aws dynamodb delete-table --region $region --table-name $prefix\$table
   done
   aws cloudformation delete-stack --region $region --stack-name $stack" ;;
    *)
      fail "스택이 $state 상태라서 이 스크립트가 고칠 수 없습니다. 이벤트를 보고 스택을 지운 뒤 다시 실행하세요(서버의 정책을 먼저 역할에서 떼고, 남은 테이블은 백업하세요) / The stack is in $state, which this script cannot mend: look at its events, delete the stack, then run this again (detach the server's policy from its role first, and back up tables that are left)
   aws cloudformation describe-stack-events --region $region --stack-name $stack
   aws cloudformation delete-stack --region $region --stack-name $stack" ;;
  esac
}

# A stack whose creation was rolled back holds nothing and cannot be updated.
remove_rolled_back() {
  say "처음 만들 때 실패한 스택을 지우고 다시 만듭니다 / Deleting the stack whose creation had failed, to make it anew ..."
  cloudformation delete-stack --stack-name "$stack"
  cloudformation wait stack-delete-complete --stack-name "$stack" || fail_with_events ''
  state=
}

# Of the first page alone: with "--output text" the AWS CLI applies a query to each page.
newest_event_time() {
  [ -z "$state" ] || cloudformation describe-stack-events --stack-name "$stack" --no-paginate --output text \
    --query 'StackEvents[0].Timestamp' 2>/dev/null || true
}

# Oldest first: the first is usually the cause. $1 is the time of the last event before this run.
failed_events() {
  cloudformation describe-stack-events --stack-name "$stack" --output text \
    --query "StackEvents[?Timestamp > '$1' && contains(ResourceStatus, 'FAILED')].[Timestamp, LogicalResourceId, ResourceType, ResourceStatus, ResourceStatusReason]" |
    LC_ALL=C sort | cut -f 2-
}

# What CloudFormation's validation before any change found at the last attempt; the change set itself does not say it.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeEvents.html
failed_validation() {
  cloudformation describe-events --stack-name "$stack" --filters FailedEvents=true --output text \
    --query "OperationEvents[?EventType=='VALIDATION_ERROR'].[Timestamp, OperationId, LogicalResourceId, ResourceType, ValidationName, ValidationStatusReason]" |
    LC_ALL=C sort | awk -F '\t' -v OFS='\t' \
    '$2 != attempt { attempt = $2; found = "" } { found = found $3 OFS $4 OFS $5 OFS $6 "\n" } END { printf "%s", found }'
}

# Failed events of this run first. $1 is the time of the last event before.
fail_with_events() {
  local events ended
  events=$(failed_events "$1" 2>/dev/null) || true
  [[ ${output:-} != *EarlyValidation* ]] || events=$(failed_validation 2>/dev/null) || true
  if [ -n "$events" ]; then
    say "✗ 실패한 것 / What failed:"
    printf '%s\n' "$events" | sed 's/^/   /' >&2
  fi
  [ -z "${output:-}" ] || say "$output"
  # Two runs in one second give their change sets the same name.
  if [[ ${output:-} == *AlreadyExistsException* ]]; then
    say "다른 실행이 방금 시작되었습니다. 그 실행이 끝난 뒤 다시 실행하세요 / Another run has just begun: run this again when it has ended"
    output=
  fi
  [[ ${events}${output:-} != *"already exists"* ]] ||
    say "같은 이름의 테이블이나 로그 그룹이 이미 있습니다. 다른 --prefix를 쓰거나, 남은 것을 백업하고 지우세요 / A table or log group of that name exists: use another --prefix, or back up and delete what is left"
  ended=$(stack_state) || true
  [ -z "$dry_run" ] || remove_shell || true
  fail "스택 $stack: $ended"
}

# A change set of a stack that was not there lies in a shell of a stack, which holds nothing else. Its deletion takes a
# moment, in which a deployment would be refused.
remove_shell() {
  [ -z "$state" ] && [ "$(stack_state)" = REVIEW_IN_PROGRESS ] || return 1
  cloudformation delete-stack --stack-name "$stack" || return 1
  for _ in {1..60}; do
    case $(stack_state) in '' | DELETE_COMPLETE) break ;; esac
    sleep 1
  done
}

show_changes() {
  local change_set
  change_set=$(printf '%s' "$output" | grep -oE 'arn:[^ "]+:changeSet/[^ "]+' | head -n 1)
  cloudformation describe-change-set --change-set-name "$change_set" --output table \
    --query 'Changes[].ResourceChange.{Action: Action, Resource: LogicalResourceId, Type: ResourceType, Replacement: Replacement}'
  remove_shell || cloudformation delete-change-set --change-set-name "$change_set" >/dev/null ||
    say "변경 세트가 남았습니다 / The change set is left: $change_set"
  say "바꾼 것은 없습니다 / Nothing was changed"
}

interrupted() {
  say "✗ 멈췄습니다. CloudFormation이 이미 시작한 일은 계속됩니다. 다시 실행하면 스택의 상태를 보여 줍니다 / Stopped. What CloudFormation has begun goes on: run this again to see the stack's state"
  exit 130
}

show_outputs() {
  say "✓ 스택 $stack: $(stack_state)"
  cloudformation describe-stacks --stack-name "$stack" --output table \
    --query 'Stacks[0].Outputs[].{Output: OutputKey, Value: OutputValue, For: Description}'
}

read_arguments "$@"
command -v aws >/dev/null || fail "AWS CLI가 없습니다 / The AWS CLI is missing: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
[ -r "$template" ] || fail "템플릿이 스크립트와 같은 폴더에 없습니다 / The template is not in the script's folder: $template"
check_arguments

state=$(stack_state)
say "스택 $stack($region): ${state:-아직 없음 / not there yet}"
check_state
if [ "$state" = ROLLBACK_COMPLETE ]; then
  if [ -n "$dry_run" ]; then
    say "처음 만들 때 실패한 스택입니다. 실제로 실행하면 지우고 다시 만듭니다 / Its creation had failed: a real run deletes it and makes it anew"
    cloudformation validate-template --template-body "file://$template" --query Description --output text
    exit 0
  fi
  remove_rolled_back
fi
stack_parameters=
[ -z "$state" ] || stack_parameters=$(cloudformation describe-stacks --stack-name "$stack" --output text \
  --query 'Stacks[0].Parameters[].[ParameterKey, ParameterValue]')
check_identity
check_capacity
last_event=$(newest_event_time)
if [ -z "$dry_run" ]; then
  trap interrupted INT TERM
  say "몇 분 걸릴 수 있습니다 / This may take some minutes ..."
fi

if output=$(cloudformation deploy --stack-name "$stack" --template-file "$template" --no-fail-on-empty-changeset \
  --capabilities CAPABILITY_IAM --parameter-overrides "${parameters[@]}" \
  --tags "Environment=$environment" Service=dallyeok ${dry_run:+--no-execute-changeset} 2>&1); then
  if [[ $output == *"No changes to deploy"* ]]; then
    say "바뀔 것이 없습니다 / Nothing to change"
    [ -n "$dry_run" ] || show_outputs
  elif [ -n "$dry_run" ]; then
    show_changes
  else
    show_outputs
  fi
else
  fail_with_events "$last_event"
fi
